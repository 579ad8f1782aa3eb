"""The overlay as DICOM image."""

import io

import numpy as np
import pydicom
import pytest
from conformance.result_cases import MODEL, SOURCES, make_cine, make_still
from pydicom.pixels import pixel_array

from pipeline.writers.dicom.secondary_capture import build_secondary_capture

IMAGE = np.random.default_rng(0).integers(0, 256, (25, 39, 3), dtype=np.uint8)


def _build(source, image=IMAGE, *, frame=None, blanked=True):
    return build_secondary_capture(source, image, frame=frame, model=MODEL, blanked=blanked)


def _write(dataset):
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


class TestPixels:
    def test_they_come_back(self):
        assert np.array_equal(pixel_array(io.BytesIO(_write(_build(make_still())))), IMAGE)

    def test_image_may_be_a_view(self):
        content = _write(_build(make_still(), IMAGE[:, ::-1]))
        assert np.array_equal(pixel_array(io.BytesIO(content)), IMAGE[:, ::-1])

    def test_rerun_gives_the_same_bytes(self):
        assert _write(_build(make_still())) == _write(_build(make_still()))


class TestDerivation:
    @pytest.mark.parametrize("kind", SOURCES)
    def test_source_is_referred_to(self, kind):
        source = SOURCES[kind]()
        frame = 3 if kind == "cine" else None
        capture = _build(source, frame=frame)
        (item,) = capture.SourceImageSequence
        assert item.ReferencedSOPClassUID == source.SOPClassUID
        assert item.ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert item.get("ReferencedFrameNumber") == frame
        assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"

    def test_image_is_derived_by_segmentation(self):
        capture = _build(make_still())
        assert list(capture.ImageType) == ["DERIVED", "SECONDARY"]
        assert capture.DerivationCodeSequence[0].CodeValue == "113076"
        assert "Research use only" in capture.DerivationDescription
        assert (capture.Modality, capture.ConversionType) == ("OT", "WSD")

    def test_frames_have_uids_of_their_own_in_one_series(self):
        source = make_cine()
        first, second = (_build(source, frame=frame) for frame in (1, 2))
        assert first.SOPInstanceUID != second.SOPInstanceUID
        assert first.SeriesInstanceUID == second.SeriesInstanceUID
        assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)

    def test_what_was_lossy_stays_so(self):
        source = make_still(
            LossyImageCompression="01",
            LossyImageCompressionRatio="12.5",
            LossyImageCompressionMethod="ISO_10918_1",
        )
        capture = _build(source)
        assert capture.LossyImageCompression == "01"
        assert capture.LossyImageCompressionRatio == 12.5
        assert capture.LossyImageCompressionMethod == "ISO_10918_1"

    @pytest.mark.parametrize(("side", "expected"), [("L", "L"), (None, "")])
    def test_side_is_that_of_the_source(self, side, expected):
        assert _build(make_still(Laterality=side)).Laterality == expected


class TestBurnedInAnnotation:
    @pytest.mark.parametrize(
        ("told", "blanked", "expected"),
        [
            ("NO", True, "NO"),
            ("NO", False, "NO"),
            ("YES", True, "YES"),
            ("YES", False, "YES"),
            (None, True, None),
            (None, False, "YES"),
            ("MARKER", False, "YES"),
        ],
    )
    def test_no_is_said_only_if_the_source_does(self, told, blanked, expected):
        capture = _build(make_still(BurnedInAnnotation=told), blanked=blanked)
        assert capture.get("BurnedInAnnotation") == expected


class TestRefused:
    @pytest.mark.parametrize(
        "image", [IMAGE[..., 0], IMAGE[..., :2], IMAGE.astype(float), IMAGE[:0]]
    )
    def test_image_of_another_shape_or_dtype(self, image):
        with pytest.raises(ValueError, match=r"\(H, W, 3\) of uint8"):
            _build(make_still(), image)

    @pytest.mark.parametrize("frame", [None, 0, 9])
    def test_frame_that_a_cine_does_not_have(self, frame):
        with pytest.raises(ValueError, match="frame from 1 to 8"):
            _build(make_cine(), frame=frame)

    def test_second_frame_of_a_still(self):
        with pytest.raises(ValueError, match="frame from 1 to 1"):
            _build(make_still(), frame=2)
