"""Which objects are taken, by class, modality and manufacturer."""

from pathlib import Path

import pytest
from orientation_phantom import make_orientation_phantom
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from pipeline.errors import SkippedError
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.dicom.dicom_source import DicomSource

IMAGE, _ = make_orientation_phantom(48, 80)
STILL = "1.2.840.10008.5.1.4.1.1.6.1"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
COLOUR_CAPTURE = "1.2.840.10008.5.1.4.1.1.7.4"


def open_with(folder: Path, sop_class: str = CAPTURE, **attributes: object) -> DicomSource:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    for keyword, value in attributes.items():
        vr = dictionary_VR(keyword)
        # Small letters, which are wrong in a code string, would make pydicom warn.
        dataset[keyword] = DataElement(Tag(keyword), vr, value, validation_mode=IGNORE)
    dataset.save_as(folder / "x.dcm", enforce_file_format=True)
    return DicomSource(folder / "x.dcm")


OTHERS = [
    *("MG", "CT", "MR", "DX", "XC", "CR", "NM", "PT", "XA", "RF", "RG", "ES", "GM", "SM", "IO"),
    *("PX", "OP", "OPT", "OCT", "ECG", "DOC", "SR", "SEG", "PR", "KO", "RTSTRUCT", "RTIMAGE"),
    *("IVUS", "IVOCT", "BDUS", "BMD", "mg", "HC", "VF"),
]


@pytest.mark.parametrize("sop_class", [STILL, CAPTURE, COLOUR_CAPTURE])
def test_other_modalities_are_skipped(sop_class: str, tmp_path: Path) -> None:
    for modality in OTHERS:
        reason = rf"not an ultrasound image: its Modality \(0008,0060\) is {modality.upper()}$"
        with pytest.raises(SkippedError, match=reason):
            open_with(tmp_path, sop_class, Modality=modality)


@pytest.mark.parametrize("sop_class", [STILL, CAPTURE, COLOUR_CAPTURE])
def test_ultrasound_and_what_says_nothing_is_taken(sop_class: str, tmp_path: Path) -> None:
    for modality in ("US", "OT", "CD", "DD", "EC", "us", "", None, "USG"):
        assert open_with(tmp_path, sop_class, Modality=modality).frames == 1


def test_missing_modality_is_taken(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    del dataset.Modality
    dataset.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    assert DicomSource(tmp_path / "x.dcm").frames == 1


def test_own_secondary_capture_is_skipped(tmp_path: Path) -> None:
    with pytest.raises(SkippedError, match="a result of this program"):
        open_with(tmp_path, Modality="OT", Manufacturer="breast-us-seg")


def test_other_organ_is_remarked(tmp_path: Path) -> None:
    assert open_with(tmp_path, BodyPartExamined="HEART").remarks == (
        "another organ by its Body Part Examined (0018,0015)",
    )
