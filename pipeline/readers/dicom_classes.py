"""Which DICOM objects are taken for ultrasound images."""

from pydicom.uid import UID

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.dicom_header import DicomHeader

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


def check_class(header: DicomHeader) -> None:
    """Check *SOP Class UID* (0008,0016), and its copy (0002,0002) in case the file ends within it.

    Args:
        header: of the file.

    Raises:
        SkippedError: the object is of another class; its name in the standard is told.
        ReadError: it tells no class, or a damaged one.
    """
    dataset = header.dataset
    uids = [dataset.get("SOPClassUID"), dataset.file_meta.get("MediaStorageSOPClassUID")]
    if any(uid in ULTRASOUND_CLASSES for uid in uids if isinstance(uid, str)):
        return
    names = [uid.name for uid in uids if isinstance(uid, UID) and uid.name != uid]
    is_private = uids[0] is not None and uids[0] == uids[1] and UID(str(uids[0])).is_valid
    if not names and not is_private:
        msg = "expected one SOPClassUID (0008,0016), got none or a damaged one"
        raise ReadError(msg)
    msg = f"not an ultrasound image: {names[0] if names else 'a class of no standard'}"
    raise SkippedError(msg)
