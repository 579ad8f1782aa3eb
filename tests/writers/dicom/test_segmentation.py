"""Masks as DICOM Segmentation: the same pixels, where viewers look for them."""

import io

import highdicom
import numpy as np
import pydicom
import pytest
from conformance.result_cases import (
    CINE_MASKS,
    EMPTY,
    MASK,
    MM,
    MODEL,
    OTHER_MODEL,
    SOURCES,
    make_cine,
    make_frame,
    make_frames,
    make_still,
)

from pipeline.errors import WriteError
from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.segmentation import build_segmentation

FOR_HIGHDICOM = [(MM, "nominal"), (MM, "none"), (None, "none")]
"""It opens no *Pixel Measures Sequence* without spacing, and OHIF nothing without the sequence."""


def _build(source, frames=None, *, mm=MM, model=MODEL, geometry="nominal"):
    frames = make_frames(source, mm=mm) if frames is None else frames
    return build_segmentation(source, frames, model=model, mm_per_pixel=mm, geometry=geometry)


def _write(dataset):
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _unpack(dataset):
    """Unpack the bits by hand: (F, H, W)."""
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")
    shape = int(dataset.NumberOfFrames), dataset.Rows, dataset.Columns
    return bits[: np.prod(shape)].reshape(shape).astype(bool)


def _references(dataset):
    """Yield, for each frame, its segment and its source's frame."""
    for item in dataset.PerFrameFunctionalGroupsSequence:
        source = item.DerivationImageSequence[0].SourceImageSequence[0]
        number = item.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        yield number, source.get("ReferencedFrameNumber")


class TestPixels:
    @pytest.mark.parametrize("kind", ["still", "retired", "capture"])
    def test_still_has_a_frame_for_each_lesion(self, kind):
        seg = _build(SOURCES[kind]())
        assert list(_references(seg)) == [(1, None), (2, None)]
        upper = (np.arange(25) < 12)[:, None]
        assert np.array_equal(_unpack(seg), np.stack([MASK & upper, MASK & ~upper]))

    def test_cine_has_a_frame_for_each_lesion_of_each_frame(self):
        seg = _build(make_cine())
        references = list(_references(seg))
        assert references == [(1, 2), (1, 3), (1, 7), (1, 8), (2, 2), (2, 3), (2, 7)]
        merged = {number: EMPTY.copy() for number in CINE_MASKS}
        for (_, frame), pixels in zip(references, _unpack(seg), strict=True):
            merged[frame] |= pixels
        assert all(np.array_equal(merged[n], mask) for n, mask in CINE_MASKS.items())

    @pytest.mark.parametrize(("mm", "geometry"), FOR_HIGHDICOM)
    def test_highdicom_reads_the_same_still(self, mm, geometry):
        source = make_still()
        content = _write(_build(source, mm=mm, geometry=geometry))
        seg = highdicom.seg.segread(io.BytesIO(content))
        pixels = seg.get_pixels_by_source_instance([source.SOPInstanceUID], combine_segments=True)
        assert np.array_equal(pixels[0] > 0, MASK)

    @pytest.mark.parametrize(("mm", "geometry"), FOR_HIGHDICOM)
    def test_highdicom_reads_the_same_cine(self, mm, geometry):
        source = make_cine()
        content = _write(_build(source, mm=mm, geometry=geometry))
        seg = highdicom.seg.segread(io.BytesIO(content))
        pixels = seg.get_pixels_by_source_frame(
            source.SOPInstanceUID,
            list(range(1, 9)),
            combine_segments=True,
            assert_missing_frames_are_empty=True,
        )
        expected = [CINE_MASKS.get(number, EMPTY) for number in range(1, 9)]
        assert np.array_equal(pixels > 0, np.stack(expected))

    @pytest.mark.parametrize("count", [1, 7, 8, 9, 17])
    def test_any_number_of_frames(self, count):
        block = np.ones((1, 3), bool)
        masks = [np.pad(block, ((i, 24 - i), (2 * i, 36 - 2 * i))) for i in range(count)]
        frames = [make_frame(mask, number) for number, mask in enumerate(masks, 1)]
        seg = _build(make_still(NumberOfFrames=str(max(count, 2))), frames)
        assert np.array_equal(_unpack(seg), np.stack(masks))
        assert len(seg.PixelData) == -(-count * 25 * 39 // 16) * 2

    def test_order_of_the_frames_does_not_count(self):
        source = make_cine()
        assert _write(_build(source, make_frames(source)[::-1])) == _write(_build(source))

    def test_numbers_with_a_gap_become_segments_without(self):
        lesions = make_frame(MASK).lesions[1:]
        mask = MASK & (np.arange(25) >= 12)[:, None]
        seg = _build(make_still(), [ResultFrame(1, mask.shape, lesions)])
        assert [item.SegmentNumber for item in seg.SegmentSequence] == [1]
        assert np.array_equal(_unpack(seg)[0], mask)


class TestReferences:
    @pytest.mark.parametrize("kind", SOURCES)
    def test_class_of_the_source_is_referred_to(self, kind):
        source = SOURCES[kind]()
        seg = _build(source)
        (series,) = seg.ReferencedSeriesSequence
        assert series.SeriesInstanceUID == source.SeriesInstanceUID
        items = [series.ReferencedInstanceSequence[0]]
        for group in seg.PerFrameFunctionalGroupsSequence:
            items += group.DerivationImageSequence[0].SourceImageSequence
        assert {item.ReferencedSOPClassUID for item in items} == {source.SOPClassUID}
        assert {item.ReferencedSOPInstanceUID for item in items} == {source.SOPInstanceUID}

    def test_index_of_a_cine_is_segment_and_frame(self):
        seg = _build(make_cine())
        pointers = [item.DimensionIndexPointer for item in seg.DimensionIndexSequence]
        assert pointers == [0x0062000B, 0x00209128]
        contents = [g.FrameContentSequence[0] for g in seg.PerFrameFunctionalGroupsSequence]
        assert [tuple(c.DimensionIndexValues) for c in contents] == list(_references(seg))
        assert [c.TemporalPositionIndex for c in contents] == [2, 3, 7, 8, 2, 3, 7]

    def test_cine_of_a_single_frame_is_a_still(self):
        seg = _build(make_still(SOPClassUID="1.2.840.10008.5.1.4.1.1.3.1", NumberOfFrames="1"))
        assert [frame for _, frame in _references(seg)] == [None, None]

    def test_frames_are_reported_by_their_number_and_not_by_the_class(self):
        source = make_still(NumberOfFrames="2")
        seg = _build(source, [make_frame(MASK, 2)])
        assert [frame for _, frame in _references(seg)] == [2, 2]


class TestGeometry:
    def test_calibration_is_the_spacing_of_rows_then_columns(self):
        (shared,) = _build(make_still()).SharedFunctionalGroupsSequence
        assert list(shared.PixelMeasuresSequence[0].PixelSpacing) == list(MM)
        orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        assert list(orientation) == [1, 0, 0, 0, 1, 0]

    def test_frames_stand_in_their_order(self):
        groups = _build(make_cine()).PerFrameFunctionalGroupsSequence
        positions = [list(g.PlanePositionSequence[0].ImagePositionPatient) for g in groups]
        assert positions == [[0, 0, n - 1] for n in (2, 3, 7, 8, 2, 3, 7)]

    def test_spacing_of_many_digits_fits(self):
        (shared,) = _build(make_still(), mm=(1 / 7, 1 / 30)).SharedFunctionalGroupsSequence
        spacing = shared.PixelMeasuresSequence[0].PixelSpacing
        assert [float(mm) for mm in spacing] == pytest.approx([1 / 7, 1 / 30])
        assert max(len(str(mm)) for mm in spacing) <= 16

    @pytest.mark.parametrize("kind", SOURCES)
    def test_no_calibration_means_no_millimetre(self, kind):
        seg = _build(SOURCES[kind](), mm=None)
        for keyword in (
            "PixelSpacing",
            "SliceThickness",
            "SpacingBetweenSlices",
            "ImagePositionPatient",
        ):
            assert not _has(seg, keyword)
        assert _has(seg, "ImageOrientationPatient")

    def test_no_calibration_is_said_where_ohif_asks_for_the_measures(self):
        (shared,) = _build(make_still(), mm=None).SharedFunctionalGroupsSequence
        (measures,) = shared.PixelMeasuresSequence
        assert [element.keyword for element in measures] == ["PixelSpacingCalibrationDescription"]
        assert "No calibration" in measures.PixelSpacingCalibrationDescription

    @pytest.mark.parametrize("kind", SOURCES)
    def test_pixels_are_the_same_without_calibration(self, kind):
        with_mm, without = (_build(SOURCES[kind](), mm=mm) for mm in (MM, None))
        assert np.array_equal(_unpack(with_mm), _unpack(without))

    def test_none_leaves_all_geometry_out(self):
        seg = _build(make_still(), geometry="none")
        for keyword in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"):
            assert not _has(seg, keyword)

    @pytest.mark.parametrize("kind", SOURCES)
    def test_no_frame_of_reference_is_invented(self, kind):
        assert not _has(_build(SOURCES[kind]()), "FrameOfReferenceUID")


class TestSegments:
    def test_they_are_coded(self):
        for item in _build(make_still()).SegmentSequence:
            (category,) = item.SegmentedPropertyCategoryCodeSequence
            (kind,) = item.SegmentedPropertyTypeCodeSequence
            (region,) = item.AnatomicRegionSequence
            codes = [(c.CodeValue, c.CodingSchemeDesignator) for c in (category, kind, region)]
            assert codes == [("49755003", "SCT"), ("52988006", "SCT"), ("76752008", "SCT")]
            assert category.CodeMeaning == "Morphologically Abnormal Structure"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"Laterality": "L"}, "7771000"),
            ({"Laterality": "R"}, "24028007"),
            ({"Laterality": "L", "ImageLaterality": "R"}, "24028007"),
            ({"Laterality": "MARKER"}, None),
            ({"Laterality": None}, None),
        ],
    )
    def test_side_is_reported_if_the_source_does(self, changes, code):
        region = _build(make_still(**changes)).SegmentSequence[0].AnatomicRegionSequence[0]
        modifiers = region.get("AnatomicRegionModifierSequence", [])
        assert [item.CodeValue for item in modifiers] == ([code] if code else [])

    def test_algorithm_is_the_model(self):
        segment = _build(make_still()).SegmentSequence[0]
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (MODEL.name, MODEL.version)
        assert algorithm.AlgorithmFamilyCodeSequence[0].CodeValue == "123110"
        assert MODEL.weights_sha256 in algorithm.AlgorithmParameters

    def test_segment_of_one_frame_can_be_tracked(self):
        segments = _build(make_cine()).SegmentSequence
        assert not any("TrackingUID" in segment for segment in segments)
        segments = _build(make_still()).SegmentSequence
        assert [segment.TrackingID for segment in segments] == ["Lesion 1", "Lesion 2"]
        assert len({segment.TrackingUID for segment in segments}) == 2

    def test_colours_differ(self):
        segments = _build(make_still()).SegmentSequence
        first, second = (tuple(item.RecommendedDisplayCIELabValue) for item in segments)
        assert first != second

    def test_its_own_texts_are_ascii_and_short(self):
        seg = _build(make_still())
        assert "Research use only" in seg.ContentDescription
        for keyword in ("ContentDescription", "SeriesDescription"):
            assert len(seg[keyword].value) <= 64
            assert seg[keyword].value.isascii()


class TestRerun:
    @pytest.mark.parametrize("kind", SOURCES)
    def test_it_gives_the_same_bytes(self, kind):
        assert _write(_build(SOURCES[kind]())) == _write(_build(SOURCES[kind]()))

    def test_other_model_gives_another_object_and_series(self):
        one, other = (_build(make_still(), model=model) for model in (MODEL, OTHER_MODEL))
        assert one.SOPInstanceUID != other.SOPInstanceUID
        assert one.SeriesInstanceUID != other.SeriesInstanceUID


class TestRefused:
    @pytest.mark.parametrize("frames", [[], [make_frame(EMPTY)]], ids=["no frame", "no lesion"])
    def test_no_lesion(self, frames):
        with pytest.raises(ValueError, match="at least one frame"):
            _build(make_still(), frames)

    @pytest.mark.parametrize("mask", [MASK[1:], MASK.T])
    def test_frame_that_does_not_fit(self, mask):
        frame = ResultFrame(1, mask.shape, make_frame(MASK).lesions)
        with pytest.raises(ValueError, match=r"expected a frame of .* \(25, 39\)"):
            _build(make_still(), [frame])

    @pytest.mark.parametrize("numbers", [(0,), (9,), (2, 2)])
    def test_frame_numbers_that_do_not_fit(self, numbers):
        with pytest.raises(ValueError, match="different numbers from 1 to 8"):
            _build(make_cine(), [make_frame(MASK, number) for number in numbers])

    def test_source_without_valid_uid(self):
        with pytest.raises(WriteError, match="SOPInstanceUID"):
            _build(make_still(SOPInstanceUID="../a"), [make_frame(MASK)])


def _has(dataset, keyword):
    return any(element.keyword == keyword for element in dataset.iterall())
