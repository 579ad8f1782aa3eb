"""Lesions as Structured Report: highdicom reads the same numbers and outlines."""

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
    PROBABILITY,
    SOURCES,
    make_cine,
    make_frame,
    make_frames,
    make_still,
)
from pydicom.sr.codedict import codes
from skimage.draw import polygon2mask

from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.segmentation import build_segmentation
from pipeline.writers.dicom.structured_report import build_report


def _build(source, frames=None, *, mm=MM, count=None, segmentation=False):
    frames = make_frames(source, mm=mm) if frames is None else frames
    count = int(source.get("NumberOfFrames", 1)) if count is None else count
    return build_report(
        source, frames, model=MODEL, number_of_frames=count, segmentation=segmentation
    )


def _write(dataset):
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _read(dataset):
    return highdicom.sr.srread(io.BytesIO(_write(dataset))).content


def _groups(dataset):
    """Read the groups with an outline, TID 1410."""
    return _read(dataset).get_planar_roi_measurement_groups()


def _axes(dataset):
    """Read the groups with axes, TID 1501."""
    return _read(dataset).get_image_measurement_groups()


def _numbers(group):
    return {m.name.meaning: (float(m.value), m.unit.value) for m in group.get_measurements()}


def _written(group):
    """Read the numbers as they are written."""
    items = [m[0].MeasuredValueSequence[0] for m in group.get_measurements()]
    return [str(item.NumericValue) for item in items]


def _texts(dataset):
    return [e.value for e in dataset.iterall() if e.keyword == "TextValue"]


class TestMeasurements:
    def test_they_are_those_of_the_lesions(self):
        report = _build(make_still())
        for group, axes, lesion in zip(
            _groups(report), _axes(report), make_frame(MASK).lesions, strict=True
        ):
            assert _numbers(group) == {
                "Area": (pytest.approx(lesion.area_px * MM[0] * MM[1]), "mm2"),
                "Certainty of Finding": (100 * PROBABILITY, "%"),
            }
            assert _numbers(axes) == {
                "Long Axis": (pytest.approx(lesion.long_axis.length_mm, abs=0.05), "mm"),
                "Short Axis": (pytest.approx(lesion.short_axis.length_mm, abs=0.05), "mm"),
            }
            assert axes.tracking_uid == group.tracking_uid
            assert axes.finding_type == group.finding_type

    def test_codes_are_those_of_the_standard(self):
        report = _build(make_still())
        group, axes = _groups(report)[0], _axes(report)[0]
        assert [m.name.value for m in group.get_measurements()] == ["42798000", "111012"]
        assert [m.name.value for m in axes.get_measurements()] == ["103339001", "103340004"]
        assert group.finding_type == codes.SCT.Lesion
        assert group.finding_sites[0].value == codes.SCT.Breast
        assert group.finding_sites[0].laterality == codes.SCT.Right

    @pytest.mark.parametrize("kind", SOURCES)
    def test_no_calibration_means_no_length_and_no_area(self, kind):
        report = _build(SOURCES[kind](), mm=None)
        assert [set(_numbers(group)) for group in _groups(report)] == [
            {"Certainty of Finding"}
        ] * len(_groups(report))
        assert _axes(report) == []
        units = {e.value for e in report.iterall() if e.keyword == "CodeValue"}
        assert not units & {"mm", "mm2"}

    @pytest.mark.parametrize(
        ("mm", "decimals_of_length", "decimals_of_area"),
        [
            ((0.16, 0.16), 1, 2),
            ((0.1, 0.1), 1, 2),
            ((0.05, 0.07), 2, 3),
            ((0.3, 0.09), 2, 2),
            ((1.5, 1.25), 0, 0),
        ],
    )
    def test_they_are_rounded_to_the_step_of_a_pixel(
        self, mm, decimals_of_length, decimals_of_area
    ):
        frame = make_frame(MASK, mm=mm)
        report = _build(make_still(), [frame])
        lesion = frame.lesions[0]
        area, percent = _written(_groups(report)[0])
        assert float(area) == round(lesion.area_mm2, decimals_of_area)
        assert percent == "75.0"
        for text, axis in zip(
            _written(_axes(report)[0]), (lesion.long_axis, lesion.short_axis), strict=True
        ):
            assert float(text) == round(axis.length_mm, decimals_of_length)

    def test_ends_of_the_axes_are_where_they_were_measured(self):
        report = _build(make_still())
        for group, lesion in zip(_axes(report), make_frame(MASK).lesions, strict=True):
            for measurement, axis in zip(
                group.get_measurements(), (lesion.long_axis, lesion.short_axis), strict=True
            ):
                (line,) = measurement.referenced_coordinates
                assert line.graphic_type.value == "POLYLINE"
                # Column and row; the centre of the first pixel is (0.5, 0.5).
                ends = np.array([axis.start[::-1], axis.end[::-1]]) + 0.5
                assert np.allclose(line.value, ends)
                length = np.hypot(*((line.value[1] - line.value[0]) * MM[::-1]))
                assert float(measurement.value) == pytest.approx(length, abs=0.05)

    @pytest.mark.parametrize("kind", SOURCES)
    def test_axes_are_selected_from_the_frame(self, kind):
        source = SOURCES[kind]()
        report = _build(source)
        for group, axes in zip(_groups(report), _axes(report), strict=True):
            (outlined,) = group.roi.ContentSequence[0].ReferencedSOPSequence
            for measurement in axes.get_measurements():
                (line,) = measurement.referenced_coordinates
                (item,) = line.ContentSequence[0].ReferencedSOPSequence
                assert item == outlined
                assert item.ReferencedSOPClassUID == source.SOPClassUID


class TestSegmentation:
    @pytest.mark.parametrize("mm", [MM, None], ids=["mm", "no mm"])
    @pytest.mark.parametrize("kind", ["still", "cine"])
    def test_its_frames_show_the_lesions_of_the_groups(self, kind, mm):
        source = SOURCES[kind]()
        frames = make_frames(source, mm=mm)
        seg = build_segmentation(source, frames, model=MODEL, mm_per_pixel=mm)
        planes = np.unpackbits(np.frombuffer(seg.PixelData, np.uint8), bitorder="little")
        planes = planes[: int(seg.NumberOfFrames) * MASK.size].reshape(-1, *MASK.shape)
        groups = _groups(_build(source, frames, segmentation=True))
        for group in groups:
            shown = polygon2mask(MASK.shape, group.roi.value[:, ::-1] - 0.5)
            for measurement in group.get_measurements():
                (image,) = measurement.referenced_images
                (item,) = image.ReferencedSOPSequence
                assert item.ReferencedSOPClassUID == seg.SOPClassUID
                assert item.ReferencedSOPInstanceUID == seg.SOPInstanceUID
                assert np.array_equal(planes[item.ReferencedFrameNumber - 1], shown)
        assert len(groups) == len(planes)

    def test_numbers_with_a_gap_are_found(self):
        small = MASK & (np.arange(25) >= 12)[:, None]
        frames = [ResultFrame(1, small.shape, make_frame(MASK).lesions[1:])]
        (group,) = _groups(_build(make_still(), frames, segmentation=True))
        (image,) = group.get_measurements()[0].referenced_images
        assert image.ReferencedSOPSequence[0].ReferencedFrameNumber == 1
        seg = build_segmentation(make_still(), frames, model=MODEL, mm_per_pixel=MM)
        assert group.tracking_uid == seg.SegmentSequence[0].TrackingUID

    def test_it_is_evidence_with_its_own_series(self):
        source = make_still()
        frames = make_frames(source)
        seg = build_segmentation(source, frames, model=MODEL, mm_per_pixel=MM)
        (study,) = _build(
            source, frames, segmentation=True
        ).CurrentRequestedProcedureEvidenceSequence
        found = {
            series.SeriesInstanceUID: series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
            for series in study.ReferencedSeriesSequence
        }
        assert found == {
            source.SeriesInstanceUID: source.SOPInstanceUID,
            seg.SeriesInstanceUID: seg.SOPInstanceUID,
        }

    @pytest.mark.parametrize("frames", [None, []], ids=["not written", "no lesion"])
    def test_one_that_is_not_there_is_not_referred_to(self, frames):
        report = _build(make_still(), frames, segmentation=frames is not None)
        classes = {e.value for e in report.iterall() if e.keyword == "ReferencedSOPClassUID"}
        assert classes == {make_still().SOPClassUID}


class TestRegions:
    def test_outline_encloses_the_pixels_of_the_lesion(self):
        found = EMPTY.copy()
        for group in _groups(_build(make_still())):
            outline = group.roi.value
            assert np.array_equal(outline[0], outline[-1])
            # Coordinates are column and row, and the centre of the first pixel is (0.5, 0.5).
            found |= polygon2mask(MASK.shape, outline[:, ::-1] - 0.5)
        assert np.array_equal(found, MASK)

    def test_outline_of_a_lesion_at_the_edge_stays_in_the_image(self):
        mask = EMPTY.copy()
        mask[:5, 30:] = True
        (group,) = _groups(_build(make_still(), [make_frame(mask)]))
        assert group.roi.value.min(axis=0).tolist() == [30, 0]
        assert group.roi.value.max(axis=0).tolist() == [39, 5]

    def test_straight_lines_have_no_corners(self):
        mask = EMPTY.copy()
        mask[2:20, 3:30] = True
        (group,) = _groups(_build(make_still(), [make_frame(mask)]))
        # Eight, as corners are cut, and the first one again.
        assert len(group.roi.value) == 9

    def test_outline_of_a_pixel_is_a_diamond_around_its_centre(self):
        mask = EMPTY.copy()
        mask[4, 7] = True
        (group,) = _groups(_build(make_still(), [make_frame(mask)]))
        corners = {tuple(corner) for corner in group.roi.value}
        assert corners == {(7, 4.5), (8, 4.5), (7.5, 4), (7.5, 5)}

    @pytest.mark.parametrize("kind", SOURCES)
    def test_source_is_referred_to(self, kind):
        source = SOURCES[kind]()
        for group in _groups(_build(source)):
            (item,) = group.roi.ContentSequence[0].ReferencedSOPSequence
            assert item.ReferencedSOPClassUID == source.SOPClassUID
            assert item.ReferencedSOPInstanceUID == source.SOPInstanceUID
        (study,) = _build(source).CurrentRequestedProcedureEvidenceSequence
        (item,) = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
        assert item.ReferencedSOPClassUID == source.SOPClassUID

    def test_frame_of_a_cine_is_referred_to(self):
        found = {}
        for group in _groups(_build(make_cine())):
            (item,) = group.roi.ContentSequence[0].ReferencedSOPSequence
            mask = polygon2mask(MASK.shape, group.roi.value[:, ::-1] - 0.5)
            number = item.ReferencedFrameNumber
            found[number] = mask | found.get(number, EMPTY)
        assert set(found) == {2, 3, 7, 8}
        assert all(np.array_equal(found[number], CINE_MASKS[number]) for number in found)

    def test_still_has_no_frame_number(self):
        (item,) = _groups(_build(make_still()))[0].roi.ContentSequence[0].ReferencedSOPSequence
        assert "ReferencedFrameNumber" not in item


class TestTracking:
    def test_it_is_that_of_the_segmentation(self):
        source = make_still()
        frames = make_frames(source)
        seg = build_segmentation(source, frames, model=MODEL, mm_per_pixel=MM)
        groups = _groups(_build(source, frames))
        assert [g.tracking_uid for g in groups] == [s.TrackingUID for s in seg.SegmentSequence]
        identifiers = [g.tracking_identifier for g in groups]
        assert identifiers == [s.TrackingID for s in seg.SegmentSequence]

    def test_it_is_that_of_a_segment_of_one_frame_of_a_cine(self):
        source = make_cine()
        frames = [make_frame(MASK, 2), make_frame(CINE_MASKS[8], 8)]
        seg = build_segmentation(source, frames, model=MODEL, mm_per_pixel=MM)
        tracked = [s.get("TrackingUID") for s in seg.SegmentSequence]
        groups = _groups(_build(source, frames))
        assert [g.tracking_identifier for g in groups] == [
            "Frame 2, lesion 1",
            "Frame 2, lesion 2",
            "Frame 8, lesion 1",
        ]
        assert tracked == [None, groups[1].tracking_uid]

    def test_lesions_of_different_frames_are_not_said_to_be_one(self):
        groups = _groups(_build(make_cine()))
        assert len({g.tracking_uid for g in groups}) == len(groups) == 7


class TestNoLesion:
    @pytest.mark.parametrize("kind", SOURCES)
    @pytest.mark.parametrize("frames", [[], [make_frame(EMPTY)]], ids=["no frame", "empty frame"])
    def test_it_is_said_in_a_code(self, kind, frames):
        report = _build(SOURCES[kind](), frames)
        assert _groups(report) == []
        (group,) = _read(report).get_image_measurement_groups()
        (value,) = [
            evaluation.value
            for evaluation in group.get_qualitative_evaluations()
            if evaluation.name == codes.SCT.Lesion
        ]
        assert value == codes.SCT.Absent

    def test_list_of_series_says_it(self):
        description = _build(make_still(), []).SeriesDescription
        assert description == "Image 1, series 1: no lesion, research only"

    def test_it_is_said_in_words(self):
        assert "segmented no lesion in the image" in _texts(_build(make_still(), []))[-1]
        assert "segmented no lesion in 8 frames" in _texts(_build(make_cine(), []))[-1]


class TestDocument:
    def test_no_person_has_verified_it(self):
        report = _build(make_still())
        assert report.VerificationFlag == "UNVERIFIED"
        assert report.CompletionFlag == "COMPLETE"
        assert report.PreliminaryFlag == "PRELIMINARY"

    def test_it_is_a_comprehensive_report_of_tid_1500_in_english(self):
        report = _build(make_still())
        assert report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.33"
        assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
        language = report.ContentSequence[0].ConceptCodeSequence[0]
        assert (language.CodeValue, language.CodingSchemeDesignator) == ("en", "RFC5646")

    @pytest.mark.parametrize("frames", [None, []], ids=["lesions", "no lesion"])
    def test_algorithm_is_named_and_research_only(self, frames):
        texts = _texts(_build(make_still(), frames))
        assert {MODEL.name, MODEL.version} <= set(texts)
        assert f"weights_sha256={MODEL.weights_sha256}" in texts
        assert "Research use only" in texts[-1]

    @pytest.mark.parametrize("frames", [None, []], ids=["lesions", "no lesion"])
    def test_items_are_separate_so_that_viewers_show_their_names(self, frames):
        report = _build(make_still(), frames)
        found = [e.value for e in report.iterall() if e.keyword == "ContinuityOfContent"]
        containers = [e for e in report.iterall() if e.value == "CONTAINER"]
        assert set(found) == {"SEPARATE"}
        assert len(found) == len(containers) > 3

    @pytest.mark.parametrize("kind", SOURCES)
    @pytest.mark.parametrize("frames", [None, []], ids=["lesions", "no lesion"])
    def test_all_that_it_refers_to_is_evidence(self, kind, frames):
        report = _build(SOURCES[kind](), frames, segmentation=True)
        content = pydicom.Dataset()
        content.ContentSequence = report.ContentSequence
        in_content, in_evidence = (
            {e.value for e in part.iterall() if e.keyword == "ReferencedSOPInstanceUID"}
            for part in (content, report.CurrentRequestedProcedureEvidenceSequence[0])
        )
        assert in_content == in_evidence

    def test_frames_with_lesions_are_counted(self):
        text = _texts(_build(make_cine()))[-1]
        assert "segmented lesions in 4 of 8 frames" in text
        assert "2 lesion(s) in the image" in _texts(_build(make_still()))[-1]

    @pytest.mark.parametrize("kind", SOURCES)
    def test_rerun_gives_the_same_bytes(self, kind):
        assert _write(_build(SOURCES[kind]())) == _write(_build(SOURCES[kind]()))


class TestRefused:
    @pytest.mark.parametrize("numbers", [(0,), (9,), (2, 2)])
    def test_frame_numbers_that_do_not_fit(self, numbers):
        with pytest.raises(ValueError, match="different numbers from 1 to 8"):
            _build(make_cine(), [make_frame(MASK, number) for number in numbers])

    @pytest.mark.parametrize("count", [1, 9])
    def test_number_of_frames_that_does_not_fit(self, count):
        with pytest.raises(ValueError, match=r"from 2 \(given\) to 8"):
            _build(make_cine(), [make_frame(MASK, 1), make_frame(EMPTY, 2)], count=count)

    def test_mask_of_another_image(self):
        with pytest.raises(ValueError, match=r"expected a frame of .* \(25, 39\)"):
            _build(make_still(), [make_frame(MASK.T)])
