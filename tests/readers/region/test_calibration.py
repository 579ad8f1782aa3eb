"""What is segmented in a frame of 300 rows x 400 columns, and how large its pixels are.

Boxes are first row, first column, last row + 1, last column + 1; regions x0, y0, x1, y1, inclusive.
`FIELD` and `REGION` are the same 200 x 250 px, in which `frame` has its echo.
"""

import logging
import math
from functools import cache

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.data import get_testdata_file

from pipeline.errors import SkippedError
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import make_phantom_dataset, make_region
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.readers.region.calibration import (
    find_calibrated_regions,
    foresee_regions,
    remark_scales,
)

FloatImage = NDArray[np.float32]

SHAPE = (300, 400)
WHOLE = (0, 0, 300, 400)
FIELD = (40, 60, 240, 310)
REGION = (60, 40, 309, 239)
MM = (0.1, 0.2)
IMPOSSIBLE = [
    *((30.0, 30.0), (10_000.0, 10_000.0), (1e-5, 1e-5), (1e-300, 1e-300), (1e300, 1e300)),
    *((1.0, 1.0), (1.0, 0.1), (0.1, 1.0), (0.1, 0.5), (0.08, 0.0001), (0.0, 0.1), (0.7, 0.7)),
    *((25.4 / 72, 25.4 / 72), (25.4 / 96, 25.4 / 96), (1000 / 3780, 1000 / 3780)),
]
"""Mm between rows and between columns that no probe for the breast makes of these frames."""


@cache
def draw_echo(seed: int, shape: tuple[int, int]) -> NDArray[np.uint8]:
    return make_phantom(seed, shape=shape, pathology="benign").image


def frame(columns: int = 400) -> FloatImage:
    """Picture of a console; fewer columns cut it off on the right."""
    picture = np.zeros(SHAPE, np.float32)
    picture[40:240, 60:310] = draw_echo(0, (200, 250))
    return picture[:, :columns].copy()


def rescale(picture: FloatImage, factor: float) -> FloatImage:
    rows, columns = picture.shape
    size = round(columns * factor), round(rows * factor)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


def make_dataset(*items: Dataset, **attributes: object) -> Dataset:
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = list(items)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def find(*items: Dataset, grey: FloatImage | None = None, **attributes: object) -> CalibratedRegion:
    """Find the only region."""
    shape = SHAPE if grey is None else grey.shape
    dataset = make_dataset(*items, **attributes)
    (region,) = find_calibrated_regions(dataset, *shape, grey=grey)
    return region


def test_region_of_a_generated_file() -> None:
    picture = frame()
    dataset = make_phantom_dataset(picture.astype(np.uint8), mm_per_pixel=MM, region=REGION)
    regions = find_calibrated_regions(dataset, *SHAPE, grey=picture)
    assert regions == [CalibratedRegion(FIELD, pytest.approx(MM), RegionOrigin.GIVEN)]


def test_without_pixels_a_region_within_the_frame_is_believed() -> None:
    assert find(make_region(REGION, MM)) == CalibratedRegion(
        FIELD, pytest.approx(MM), RegionOrigin.GIVEN
    )


def test_number_of_columns_as_last_column_is_clipped() -> None:
    region = find(make_region((60, 40, 400, 300), MM))
    assert (region.box, region.origin) == ((40, 60, 300, 400), RegionOrigin.GIVEN)


def test_colour_flow_counts_as_tissue() -> None:
    assert find(make_region(REGION, MM, data_type=2)).box == FIELD


def test_colour_box_within_the_image_is_part_of_it() -> None:
    colour = make_region((100, 60, 200, 160), MM, data_type=2)
    region = find(colour, make_region(REGION, MM))
    assert (region.box, region.mm_per_pixel) == (FIELD, pytest.approx(MM))


def test_overlapping_regions_of_two_scales_have_none() -> None:
    items = make_region(REGION, MM), make_region((100, 60, 200, 160), (0.05, 0.1))
    region = find(*items)
    assert (region.box, region.mm_per_pixel) == (FIELD, None)
    assert remark_scales(make_dataset(*items), *SHAPE) == (
        "no mm by the ultrasound regions (0018,6011): regions that overlap have several scales",
    )


def test_overlapping_regions_are_the_parts_of_one() -> None:
    left, right = make_region((10, 20, 150, 199), MM), make_region((100, 80, 300, 279), MM)
    inner = make_region((110, 100, 200, 199), MM, data_type=2)
    region = find(left, right, inner)
    assert region.box == (20, 10, 280, 301)
    assert sorted(region.boxes) == [(20, 10, 200, 151), (80, 100, 280, 301)]


def test_colour_box_makes_no_parts() -> None:
    region = find(make_region((100, 60, 200, 160), MM, data_type=2), make_region(REGION, MM))
    assert (region.parts, region.boxes) == ((), (FIELD,))


def test_parts_are_clipped_to_the_frame() -> None:
    left, right = make_region((10, 20, 150, 199), MM), make_region((100, 80, 400, 300), MM)
    assert sorted(find(left, right).boxes) == [(20, 10, 200, 151), (80, 100, 300, 400)]


def test_three_regions_in_a_chain_are_one() -> None:
    boxes = [(10, 40, 150, 239), (250, 40, 390, 239), (100, 40, 300, 239)]
    assert find(*(make_region(box, MM) for box in boxes)).box == (40, 10, 240, 391)


@pytest.mark.parametrize("middle", [199, 200, 202], ids=["touching", "off by one", "overlapping"])
def test_images_side_by_side_keep_their_own_scales(middle: int) -> None:
    right = make_region((200, 24, 389, 239), (0.3, 0.4))
    left = make_region((10, 24, middle, 239), MM)
    regions = find_calibrated_regions(make_dataset(right, left), *SHAPE)
    assert [region.box for region in regions] == [(24, 10, 240, middle + 1), (24, 200, 240, 390)]
    assert [region.mm_per_pixel for region in regions] == [
        pytest.approx(MM),
        pytest.approx((0.3, 0.4)),
    ]


@pytest.mark.parametrize(
    ("spatial_format", "data_type"), [(0, 13), (2, 1), (3, 3), (4, 10), (5, 0)]
)
def test_other_items_beside_an_image_do_not_count(spatial_format: int, data_type: int) -> None:
    other = make_region((0, 250, 399, 299), MM, spatial_format=spatial_format, data_type=data_type)
    assert find(other, make_region(REGION, MM)).box == FIELD


def test_icon_does_not_count() -> None:
    assert find(make_region((0, 0, 50, 50), MM), make_region(REGION, MM)).box == FIELD


@pytest.mark.parametrize(("spatial_format", "name"), [(2, "M-mode"), (3, "spectra"), (4, "wave")])
def test_frame_without_an_image_is_skipped(spatial_format: int, name: str) -> None:
    trace = make_region(REGION, MM, spatial_format=spatial_format, data_type=3)
    with pytest.raises(SkippedError, match=f"not a B-mode image: .*{name}"):
        find(trace)


@pytest.mark.parametrize("delta", [0.0, math.nan, math.inf, None])
@pytest.mark.parametrize("axis", "XY")
def test_damaged_delta_means_no_mm(axis: str, delta: float | None) -> None:
    item = make_region(REGION, MM)
    setattr(item, f"PhysicalDelta{axis}", delta)
    region = find(item)
    assert (region.box, region.mm_per_pixel) == (FIELD, None)


def test_missing_delta_means_no_mm() -> None:
    item = make_region(REGION, MM)
    del item.PhysicalDeltaX
    assert find(item).mm_per_pixel is None


def test_negative_delta_counts_by_its_size() -> None:
    item = make_region(REGION, MM)
    item.PhysicalDeltaY *= -1
    assert find(item).mm_per_pixel == pytest.approx(MM)


@pytest.mark.parametrize("axis", "XY")
def test_both_units_must_be_cm(axis: str) -> None:
    item = make_region(REGION, MM)
    setattr(item, f"PhysicalUnits{axis}Direction", 4)
    region = find(item)
    assert (region.box, region.mm_per_pixel) == (FIELD, None)


def test_depth_that_no_scanner_shows_means_no_mm() -> None:
    assert find(make_region(REGION, (2.1, 0.2))).mm_per_pixel is None


@pytest.mark.parametrize("keyword", ["RegionLocationMinX0", "RegionLocationMaxY1"])
def test_region_without_a_corner_is_left_out(keyword: str) -> None:
    damaged = make_region(REGION, MM)
    del damaged[keyword]
    assert find(damaged) == CalibratedRegion(WHOLE, None, RegionOrigin.WHOLE)


def test_console_cut_off_keeps_the_scale() -> None:
    region = find(make_region(REGION, MM), grey=frame(250))
    assert region == CalibratedRegion((40, 60, 240, 250), pytest.approx(MM), RegionOrigin.CROPPED)


def test_console_cut_off_below_keeps_the_scale() -> None:
    region = find(make_region(REGION, MM), grey=frame()[:200])
    assert region == CalibratedRegion((40, 60, 200, 310), pytest.approx(MM), RegionOrigin.CROPPED)


def test_region_of_two_px_more_than_the_echo_is_believed() -> None:
    region = find(make_region((60, 38, 309, 241), MM), grey=frame(250))
    assert (region.box, region.origin) == ((38, 60, 242, 250), RegionOrigin.CROPPED)


def test_second_image_that_was_cut_off_is_left_out() -> None:
    second = make_region((315, 40, 390, 239), MM)
    region = find(make_region(REGION, MM), second, grey=frame(312))
    assert (region.box, region.origin) == (FIELD, RegionOrigin.GIVEN)


def test_without_pixels_a_region_beyond_the_frame_has_no_mm() -> None:
    region = find(make_region((60, 40, 409, 239), MM))
    assert region == CalibratedRegion(WHOLE, None, RegionOrigin.RESCALED)


@pytest.mark.parametrize("factor", [0.5, 0.7, 0.9])
def test_reduced_picture_has_no_mm(factor: float) -> None:
    picture = rescale(frame(330), factor)
    region = find(make_region(REGION, MM), grey=picture)
    assert (region.mm_per_pixel, region.origin) == (None, RegionOrigin.RESCALED)
    top, left, bottom, right = np.array(FIELD) * factor
    assert region.box[0] <= top + 1
    assert region.box[1] <= left + 1
    assert region.box[2] >= bottom - 1
    assert region.box[3] >= right - 1


@pytest.mark.parametrize("factor", [1.1, 1.28, 2])
def test_enlarged_picture_has_no_mm(factor: float) -> None:
    region = find(make_region(REGION, MM), grey=rescale(frame(), factor))
    assert (region.mm_per_pixel, region.origin) == (None, RegionOrigin.RESCALED)


def test_one_stale_region_makes_all_stale() -> None:
    items = make_region((10, 40, 150, 239), MM), make_region((200, 100, 420, 299), MM)
    region = find(*items, grey=frame())
    assert (region.mm_per_pixel, region.origin) == (None, RegionOrigin.RESCALED)


def test_region_left_of_the_frame_is_not_believed() -> None:
    item = make_region(REGION, MM)
    item["RegionLocationMinX0"].VR = "SL"
    item.RegionLocationMinX0 = -50
    assert find(item).origin is RegionOrigin.RESCALED


def test_frame_cut_on_both_axes_has_no_mm() -> None:
    region = find(make_region(REGION, MM), grey=frame(250)[:200])
    assert (region.mm_per_pixel, region.origin) == (None, RegionOrigin.RESCALED)


def test_frame_cut_below_whose_columns_disagree_has_no_mm() -> None:
    region = find(make_region((80, 40, 329, 239), MM), grey=frame()[:200])
    assert (region.mm_per_pixel, region.origin) == (None, RegionOrigin.RESCALED)


def test_field_of_view_is_found() -> None:
    assert find(grey=frame()) == CalibratedRegion(FIELD, None, RegionOrigin.FOUND)


def test_field_of_view_is_not_looked_for_if_not_wanted() -> None:
    regions = find_calibrated_regions(Dataset(), *SHAPE, grey=frame(), find_field=False)
    assert regions == [CalibratedRegion(WHOLE, None, RegionOrigin.WHOLE)]


def test_frame_of_a_stale_region_is_whole_if_no_field_is_wanted() -> None:
    dataset = make_dataset(make_region(REGION, MM))
    picture = rescale(frame(330), 0.7)
    (region,) = find_calibrated_regions(dataset, *picture.shape, grey=picture, find_field=False)
    whole = (0, 0, *picture.shape)
    assert region == CalibratedRegion(whole, None, RegionOrigin.RESCALED)


def test_region_of_the_file_counts_without_a_field() -> None:
    dataset = make_dataset(make_region(REGION, MM))
    (region,) = find_calibrated_regions(dataset, *SHAPE, grey=frame(), find_field=False)
    assert (region.box, region.origin) == (FIELD, RegionOrigin.GIVEN)


def test_nothing_is_known() -> None:
    assert find(grey=np.zeros(SHAPE, np.float32)) == CalibratedRegion(
        WHOLE, None, RegionOrigin.WHOLE
    )


def test_no_sequence() -> None:
    regions = find_calibrated_regions(Dataset(), *SHAPE)
    assert regions == [CalibratedRegion(WHOLE, None, RegionOrigin.WHOLE)]


def test_pixel_spacing_counts_without_regions() -> None:
    region = find(grey=frame(), PixelSpacing=[0.1, 0.2])
    assert region == CalibratedRegion(FIELD, MM, RegionOrigin.FOUND)


@pytest.mark.parametrize("spacing", [[0, 0.1], [-0.1, 0.1], [0.1], [], [0.1, 0.1, 0.1], None])
def test_damaged_pixel_spacing_means_no_mm(spacing: list[float] | None) -> None:
    assert find(PixelSpacing=spacing).mm_per_pixel is None


def test_region_wins_over_another_pixel_spacing() -> None:
    region = find(make_region(REGION, MM), PixelSpacing=[0.3, 0.3])
    assert region.mm_per_pixel == pytest.approx(MM)


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [([0.3, 0.3], True), ([0.2, 0.1], True), ([0.1, 0.2], False), ([0.1, 0.2005], False)],
)
def test_other_pixel_spacing_contradicts(spacing: list[float], expected: bool) -> None:
    dataset = make_dataset(make_region(REGION, MM), PixelSpacing=spacing)
    told = ("its Pixel Spacing is not that of its ultrasound regions, which count",)
    assert remark_scales(dataset, *SHAPE) == (told if expected else ())


@pytest.mark.parametrize("spacing", [None, [0, 0.1], [0.3]])
def test_damaged_pixel_spacing_contradicts_nothing(spacing: list[float] | None) -> None:
    dataset = make_dataset(make_region(REGION, MM), PixelSpacing=spacing)
    assert not remark_scales(dataset, *SHAPE)


def test_pixel_spacing_alone_contradicts_nothing() -> None:
    trace = make_region(REGION, (1.0, 1.0), spatial_format=2, data_type=3)
    assert not remark_scales(make_dataset(trace, PixelSpacing=[0.1, 0.2]), *SHAPE)
    assert not remark_scales(make_dataset(PixelSpacing=[0.1, 0.2]), *SHAPE)


def test_pixel_spacing_contradicts_one_of_two_images() -> None:
    items = make_region((10, 24, 190, 239), MM), make_region((200, 24, 389, 239), (0.3, 0.4))
    assert remark_scales(make_dataset(*items, PixelSpacing=[0.1, 0.2]), *SHAPE)


def test_pixel_spacing_does_not_replace_a_stale_region() -> None:
    region = find(make_region(REGION, MM), grey=rescale(frame(330), 0.7), PixelSpacing=[0.1, 0.2])
    assert region.mm_per_pixel is None


@pytest.mark.parametrize("mm", IMPOSSIBLE, ids=str)
def test_impossible_scale_of_regions_means_no_mm_and_a_remark(mm: tuple[float, float]) -> None:
    dataset = make_dataset(make_region(REGION, MM))
    (item,) = dataset.SequenceOfUltrasoundRegions
    item.PhysicalDeltaY, item.PhysicalDeltaX = mm[0] / 10, mm[1] / 10
    (region,) = find_calibrated_regions(dataset, *SHAPE)
    assert (region.box, region.mm_per_pixel, region.origin) == (FIELD, None, RegionOrigin.GIVEN)
    (remark,) = remark_scales(dataset, *SHAPE)
    assert remark.startswith("no mm by the ultrasound regions (0018,6011): ")


@pytest.mark.parametrize("mm", IMPOSSIBLE, ids=str)
def test_impossible_pixel_spacing_means_no_mm_and_a_remark(mm: tuple[float, float]) -> None:
    dataset = make_dataset()
    dataset.PixelSpacing = [f"{value:.12g}" for value in mm]
    (region,) = find_calibrated_regions(dataset, *SHAPE)
    assert (region.box, region.mm_per_pixel) == (WHOLE, None)
    (remark,) = remark_scales(dataset, *SHAPE)
    assert remark.startswith("no mm by Pixel Spacing (0028,0030): ")


def test_impossible_pixel_spacing_does_not_contradict_the_regions() -> None:
    dataset = make_dataset(make_region(REGION, MM), PixelSpacing=[1, 1])
    (region,) = find_calibrated_regions(dataset, *SHAPE)
    assert region.mm_per_pixel == pytest.approx(MM)
    assert not remark_scales(dataset, *SHAPE)


@pytest.mark.parametrize(
    "keyword", ["ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"]
)
def test_spacing_of_detector_or_film_is_not_that_of_tissue(keyword: str) -> None:
    assert find(**{keyword: [1, 2] if keyword == "PixelAspectRatio" else [0.1, 0.2]}) == (
        CalibratedRegion(WHOLE, None, RegionOrigin.WHOLE)
    )


def test_depth_is_that_of_the_region_and_not_of_its_part_within_the_frame() -> None:
    item = make_region((60, 40, 309, 440), (0.35, 0.35))
    (region,) = find_calibrated_regions(make_dataset(item), 300, 400, grey=frame())
    assert region.mm_per_pixel is None


def foresee(dataset: Dataset, shape: tuple[int, int] = SHAPE) -> tuple[object, ...]:
    """Place and scale, each with whether it is decided."""
    foreseen = foresee_regions(dataset, *shape)
    region = foreseen.regions[0]
    told = region.origin.value if foreseen.is_place_decided else None
    return told, region.mm_per_pixel, foreseen.is_scale_decided


def test_header_decides_a_region_all_over_the_frame() -> None:
    dataset = make_dataset(make_region((5, 20, 399, 299), MM))
    assert foresee(dataset) == ("given", pytest.approx(MM), True)


def test_pixels_decide_where_echo_could_cross_the_edges() -> None:
    assert foresee(make_dataset(make_region(REGION, MM))) == (None, pytest.approx(MM), False)


@pytest.mark.parametrize("box", [(60, 40, 409, 239), (60, 40, 309, 309)])
def test_pixels_decide_on_a_region_beyond_the_frame(box: tuple[int, int, int, int]) -> None:
    assert foresee(make_dataset(make_region(box, MM))) == (None, pytest.approx(MM), False)


def test_header_decides_on_a_region_beyond_both_axes() -> None:
    dataset = make_dataset(make_region((60, 40, 409, 309), MM))
    assert foresee(dataset) == ("rescaled", None, True)


def test_header_decides_that_a_region_has_no_mm() -> None:
    assert foresee(make_dataset(make_region(REGION, (2.0, 2.0)))) == (None, None, True)


def test_header_decides_on_pixel_spacing_and_pixels_on_the_field() -> None:
    assert foresee(make_dataset(PixelSpacing=[0.1, 0.2])) == (None, MM, True)
    assert foresee(make_dataset(PixelSpacing=[1, 1])) == (None, None, True)


@pytest.mark.parametrize("factor", [0.7, 1, 1.28])
@pytest.mark.parametrize("columns", [250, 400])
@pytest.mark.parametrize("box", [REGION, (60, 40, 309, 249), (0, 0, 399, 299), None])
@pytest.mark.parametrize("spacing", [None, [0.1, 0.2]])
def test_what_is_foreseen_as_decided_is_what_the_pixels_give(
    factor: float,
    columns: int,
    box: tuple[int, int, int, int] | None,
    spacing: list[float] | None,
) -> None:
    dataset = make_dataset(*([make_region(box, MM)] if box else []))
    if spacing:
        dataset.PixelSpacing = spacing
    picture = rescale(frame(columns), factor)
    (region,) = find_calibrated_regions(dataset, *picture.shape, grey=picture)
    foreseen = foresee_regions(dataset, *picture.shape)
    if foreseen.is_scale_decided:
        assert foreseen.regions[0].mm_per_pixel == region.mm_per_pixel
    else:
        assert region.mm_per_pixel in (None, foreseen.regions[0].mm_per_pixel)
    if foreseen.is_place_decided:
        assert foreseen.regions[0].origin is region.origin


def test_foreseen_traces_are_skipped() -> None:
    trace = make_region(REGION, MM, spatial_format=2, data_type=3)
    with pytest.raises(SkippedError, match="not a B-mode image"):
        foresee_regions(make_dataset(trace), *SHAPE)


def test_nothing_of_the_file_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    damaged = make_region(REGION, MM)
    del damaged.RegionLocationMinX0
    items = damaged, make_region((60, 40, 909, 239), MM)
    find(*items, PatientName="PHANTOM^ONE", PatientID="77", PixelSpacing=[0.3, 0.3])
    assert not caplog.records


def read_bundled(name: str) -> Dataset:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return pydicom.dcmread(path, stop_before_pixels=True)


@pytest.mark.parametrize("name", ["examples_ybr_color.dcm", "examples_palette.dcm"])
def test_bundled_file_that_was_scaled_or_cut(name: str) -> None:
    dataset = read_bundled(name)
    (region,) = find_calibrated_regions(dataset, dataset.Rows, dataset.Columns)
    assert region == CalibratedRegion(
        (0, 0, dataset.Rows, dataset.Columns), None, RegionOrigin.RESCALED
    )


def test_bundled_file_of_a_heart_is_deeper_than_a_breast() -> None:
    dataset = read_bundled("examples_palette.dcm")  # 459 rows of 0.26229 mm
    regions = find_calibrated_regions(dataset, 600, 800)
    assert regions == [CalibratedRegion((60, 120, 519, 800), None, RegionOrigin.GIVEN)]
    assert "deeper than 120 mm" in remark_scales(dataset, 600, 800)[0]


@pytest.mark.parametrize("name", ["examples_rgb_color.dcm", "examples_jpeg2k.dcm"])
def test_bundled_file_without_regions(name: str) -> None:
    dataset = read_bundled(name)
    (region,) = find_calibrated_regions(dataset, dataset.Rows, dataset.Columns)
    assert (region.mm_per_pixel, region.origin) == (None, RegionOrigin.WHOLE)
