"""Which DICOM objects are written, where, and of what; their content has tests of its own.

Sources are the orientation phantom, 24 x 40; of the cine, frame 2 has no lesion.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from orientation_phantom import make_orientation_phantom
from PIL import Image
from pydicom import Dataset, dcmread

from pipeline.errors import WriteError
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.lesion import find_lesions
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.result import Result
from pipeline.results.result_frame import ResultFrame
from pipeline.results.source_result import SourceResult
from pipeline.writers import DicomSc, DicomSeg, DicomSr, PngOverlay
from pipeline.writers.dicom.encode_object import encode_object

IMAGE, MASK = make_orientation_phantom(24, 40)
EMPTY = np.zeros_like(MASK)
MM = (0.1, 0.25)
MODEL = ModelIdentity("a_model", "1.2.3", "ab" * 32)
REGION = CalibratedRegion((0, 0, 24, 40), MM, RegionOrigin.GIVEN)
SEG, SR = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.33"


def make_header(frames: np.ndarray = IMAGE) -> Dataset:
    dataset = make_phantom_dataset(frames, mm_per_pixel=MM)
    del dataset.PixelData
    return dataset


def make_result(
    header: Dataset | None, mask: np.ndarray = MASK, frame: int | None = None, file: str = "a/x.dcm"
) -> Result:
    lesions = find_lesions(mask, np.full(mask.shape, 0.75, np.float32), regions=[REGION])
    image = IMAGE.astype(np.float32)
    return Result(file, frame, image, mask, tuple(lesions), 0.75, (REGION,), header)


def make_source(
    header: Dataset | None, masks: Sequence[np.ndarray] = (MASK,), file: str = "a/x.dcm"
) -> SourceResult:
    results = [make_result(header, mask) for mask in masks]
    frames = [
        ResultFrame(number, result.mask.shape, result.lesions)
        for number, result in enumerate(results, start=1)
        if result.lesions
    ]
    return SourceResult(file, header, len(masks), frames, MM)


def list_files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_one_object_a_file_at_the_path_of_the_source(tmp_path: Path) -> None:
    source = make_source(make_header())
    DicomSeg(tmp_path, MODEL).write_source(source)
    DicomSr(tmp_path, MODEL).write_source(source)
    assert list_files(tmp_path) == ["seg/a/x.dcm", "sr/a/x.dcm"]
    assert dcmread(tmp_path / "seg" / "a" / "x.dcm").SOPClassUID == SEG
    assert dcmread(tmp_path / "sr" / "a" / "x.dcm").SOPClassUID == SR


@pytest.mark.parametrize(("file", "name"), [("IM1", "IM1.dcm"), ("b/IM1.DCM", "b/IM1.DCM")])
def test_names(file: str, name: str, tmp_path: Path) -> None:
    DicomSeg(tmp_path, MODEL).write_source(make_source(make_header(), file=file))
    DicomSr(tmp_path, MODEL).write_source(make_source(make_header(), file=file))
    assert list_files(tmp_path) == [f"seg/{name}", f"sr/{name}"]


@pytest.mark.parametrize("writer", [DicomSeg, DicomSr])
def test_cine_is_one_object(writer: type[DicomSeg | DicomSr], tmp_path: Path) -> None:
    header = make_header(np.stack([IMAGE] * 3))
    writer(tmp_path, MODEL).write_source(make_source(header, [MASK, EMPTY, MASK[::-1]]))
    assert len(list_files(tmp_path)) == 1


def test_segmentation_of_a_cine_has_the_frames_with_a_lesion(tmp_path: Path) -> None:
    header = make_header(np.stack([IMAGE] * 3))
    source = make_source(header, [MASK, EMPTY, MASK[::-1]])
    DicomSeg(tmp_path, MODEL).write_source(source)
    found = dcmread(tmp_path / "seg" / "a" / "x.dcm")
    bits = np.unpackbits(np.frombuffer(found.PixelData, np.uint8), bitorder="little")
    assert np.array_equal(bits.reshape(2, 24, 40).astype(bool), np.stack([MASK, MASK[::-1]]))


def test_report_refers_to_a_segmentation_that_is_written(tmp_path: Path) -> None:
    source = make_source(make_header())
    DicomSeg(tmp_path, MODEL).write_source(source)
    found = []
    for written in (True, False):
        DicomSr(tmp_path, MODEL, segmentation=written).write_source(source)
        report = dcmread(tmp_path / "sr" / "a" / "x.dcm")
        keyword = "ReferencedSOPInstanceUID"
        found.append({e.value for e in report.iterall() if e.keyword == keyword})
    uid = dcmread(tmp_path / "seg" / "a" / "x.dcm").SOPInstanceUID
    assert uid in found[0]
    assert uid not in found[1]


def test_geometry_is_handed_on(tmp_path: Path) -> None:
    for geometry in ("nominal", "none"):
        root = tmp_path / geometry
        DicomSeg(root, MODEL, geometry=geometry).write_source(make_source(make_header()))
    shared = [
        dcmread(tmp_path / geometry / "seg" / "a" / "x.dcm").SharedFunctionalGroupsSequence[0]
        for geometry in ("nominal", "none")
    ]
    assert list(shared[0].PixelMeasuresSequence[0].PixelSpacing) == list(MM)
    assert "PixelMeasuresSequence" not in shared[1]


def test_spacing_that_is_not_the_same_everywhere_is_not_told(tmp_path: Path) -> None:
    source = replace(make_source(make_header()), mm_per_pixel=None)
    DicomSeg(tmp_path, MODEL).write_source(source)
    assert "PixelSpacing" not in str(dcmread(tmp_path / "seg" / "a" / "x.dcm"))


@pytest.mark.parametrize("writer", [DicomSeg, DicomSr])
def test_other_formats_have_no_object(writer: type[DicomSeg | DicomSr], tmp_path: Path) -> None:
    writer(tmp_path, MODEL).write_source(make_source(None, file="a/x.png"))
    assert list_files(tmp_path) == []


def test_no_lesion_is_a_report_only(tmp_path: Path) -> None:
    source = make_source(make_header(), [EMPTY])
    DicomSeg(tmp_path, MODEL).write_source(source)
    DicomSr(tmp_path, MODEL).write_source(source)
    assert list_files(tmp_path) == ["sr/a/x.dcm"]


def test_file_of_another_format_removes_nothing(tmp_path: Path) -> None:
    writer = DicomSeg(tmp_path, MODEL)
    writer.write_source(make_source(make_header(), file="x.dcm"))
    writer.write_source(make_source(None, [EMPTY], file="x"))  # a PNG that is called so
    assert list_files(tmp_path) == ["seg/x.dcm"]


def test_rerun_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        root = tmp_path / name
        DicomSeg(root, MODEL).write_source(make_source(make_header()))
        DicomSr(root, MODEL).write_source(make_source(make_header()))
        DicomSc(root, MODEL, blanked=True).write(make_result(make_header()))
        contents.append({file: (root / file).read_bytes() for file in list_files(root)})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 3


@pytest.mark.parametrize("writer", [DicomSeg, DicomSr])
def test_source_that_cannot_be_referred_to(
    writer: type[DicomSeg | DicomSr], tmp_path: Path
) -> None:
    header = make_header()
    del header.StudyInstanceUID
    with pytest.raises(WriteError, match="expected a valid StudyInstanceUID"):
        writer(tmp_path, MODEL).write_source(make_source(header))
    assert list_files(tmp_path) == []


class TestSecondaryCapture:
    def test_it_shows_the_overlay(self, tmp_path: Path) -> None:
        result = make_result(make_header())
        DicomSc(tmp_path, MODEL, blanked=True).write(result)
        PngOverlay(tmp_path).write(result)
        found = dcmread(tmp_path / "sc" / "a" / "x.dcm")
        with Image.open(tmp_path / "overlays" / "a" / "x.dcm.png") as overlay:
            shown = np.asarray(overlay.convert("RGB")).astype(int)
        assert np.abs(found.pixel_array - shown).max() <= 1

    def test_frames_of_a_cine_have_objects_of_their_own(self, tmp_path: Path) -> None:
        header = make_header(np.stack([IMAGE] * 3))
        writer = DicomSc(tmp_path, MODEL, blanked=True)
        for frame, mask in ((1, MASK), (2, EMPTY)):
            writer.write(make_result(header, mask, frame))
        assert list_files(tmp_path) == ["sc/a/x.dcm/0001.dcm", "sc/a/x.dcm/0002.dcm"]
        found = dcmread(tmp_path / "sc" / "a" / "x.dcm" / "0002.dcm")
        assert found.SourceImageSequence[0].ReferencedFrameNumber == 2

    def test_other_formats_have_none(self, tmp_path: Path) -> None:
        DicomSc(tmp_path, MODEL, blanked=True).write(make_result(None, file="x.png"))
        assert list_files(tmp_path) == []

    @pytest.mark.parametrize(("blanked", "expected"), [(True, None), (False, "YES")])
    def test_what_may_be_burned_in(self, blanked: bool, expected: str, tmp_path: Path) -> None:
        header = make_header()
        del header.BurnedInAnnotation
        DicomSc(tmp_path, MODEL, blanked=blanked).write(make_result(header))
        assert dcmread(tmp_path / "sc" / "a" / "x.dcm").get("BurnedInAnnotation") == expected


def test_preamble_of_the_source_is_not_taken_over(tmp_path: Path) -> None:
    header = make_header()
    header.preamble = b"MZ" + bytes(126)  # as of a program
    DicomSeg(tmp_path, MODEL).write_source(make_source(header))
    content = (tmp_path / "seg" / "a" / "x.dcm").read_bytes()
    assert content[:132] == bytes(128) + b"DICM"


def test_encoded_object_comes_back() -> None:
    dataset = make_phantom_dataset(IMAGE)
    assert dcmread(io.BytesIO(encode_object(dataset))) == dataset
