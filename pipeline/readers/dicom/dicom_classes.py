"""Which DICOM objects are taken for ultrasound images."""

from pydicom import Dataset
from pydicom.uid import UID, MediaStorageDirectoryStorage

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.read_values import read_values

ULTRASOUND_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.6.1": "Ultrasound Image Storage",
    "1.2.840.10008.5.1.4.1.1.3.1": "Ultrasound Multi-frame Image Storage",
    "1.2.840.10008.5.1.4.1.1.6": "Ultrasound Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.3": "Ultrasound Multi-frame Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.1": "Multi-frame Single Bit Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture Image Storage",
}
"""SOP classes (PS3.4 section B.5) in which breast ultrasound is stored as 2D images."""

OTHER_MODALITIES = frozenset(
    # Of today, then what is no image, then retired ones.
    """
    AR BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DX ECG EEG EMG EOG EPS ES GM HC HD IO IOL IVOCT IVUS
    KER LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS PA POS PT PX RESP RF RG RTIMAGE
    SM SMR SRF STAIN TEXTUREMAP TG VA XA XAPROTOCOL XC
    ANN ASMT AU DOC FID KO PLAN PR REG RTDOSE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV
    SEG SR
    AS CF CP CS DF DM DS FA FS LP MA MS OPR ST VF
    """.split()  # noqa: SIM905
)
"""Defined terms of *Modality* (0008,0060), PS3.3 section C.7.3.1.1.1, but for ultrasound (US, and
CD, DD and EC before) and other (OT). IVUS shows vessels from within, BDUS measures bones."""

OWN_MANUFACTURER = "breast-us-seg"
"""*Manufacturer* (0008,0070) of all results of this program."""


def check_class(header: DicomHeader) -> None:
    """Check *SOP Class UID* (0008,0016), and its copy (0002,0002) in case the file ends within it.

    Raises:
        SkippedError: the object is of another class or modality, whose name in the standard is
            stated, or a result of this program.
        ReadError: it names no class, or a damaged one.
    """
    dataset = header.dataset
    uids = [dataset.get("SOPClassUID"), dataset.file_meta.get("MediaStorageSOPClassUID")]
    if any(uid in ULTRASOUND_CLASSES for uid in uids if isinstance(uid, str)):
        _check_modality(dataset)
        return
    names = [uid.name for uid in uids if isinstance(uid, UID) and uid.name != uid]
    is_private = uids[0] is not None and uids[0] == uids[1] and UID(str(uids[0])).is_valid
    if not names and not is_private:
        msg = "expected one SOPClassUID (0008,0016), got none or a damaged one"
        raise ReadError(msg)
    msg = f"not an ultrasound image: {names[0] if names else 'a class of no standard'}"
    if MediaStorageDirectoryStorage in uids:
        msg += ", the index of a disc: give the folder that it is in"
    raise SkippedError(msg)


def _check_modality(dataset: Dataset) -> None:
    """Skip what is stored as ultrasound or Secondary Capture, and is something else.

    A missing value, OT, and one of no standard say nothing of the image, which is taken.
    """
    modality = " ".join(map(str, read_values(dataset, "Modality"))).strip().upper()
    if modality in OTHER_MODALITIES:
        msg = f"not an ultrasound image: its Modality (0008,0060) is {modality}"
        raise SkippedError(msg)
    if read_values(dataset, "Manufacturer") == [OWN_MANUFACTURER]:
        msg = "not an ultrasound image: it is a result of this program"
        raise SkippedError(msg)
