import numpy as np
from lesion_shapes import draw_rectangle

from pipeline.lesions.lesion import Lesion, find_lesions
from pipeline.lesions.lesion_table import LESION_COLUMNS, format_lesion
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin

MASK = draw_rectangle(1, 5, top=3, left=5)
PROBABILITY = np.where(np.arange(MASK.shape[1]) == 7, 0.75, 0.5).astype(np.float32)
PROBABILITY = np.broadcast_to(PROBABILITY, MASK.shape)


def make_lesion(mm_per_pixel: tuple[float, float] | None) -> Lesion:
    region = CalibratedRegion((1, 0, *MASK.shape), mm_per_pixel, RegionOrigin.GIVEN)
    malignancy = np.full(MASK.shape, 0.25, np.float32) if mm_per_pixel else None
    (lesion,) = find_lesions(MASK, PROBABILITY, regions=[region], malignancy=malignancy)
    return lesion


def test_cells() -> None:
    row = format_lesion("a/b.dcm", 3, make_lesion((0.2, 1 / 14)))
    assert row == {
        "file": "a/b.dcm",
        "frame": "3",
        "lesion": "1",
        "probability": "0.5500",
        "peak_probability": "0.7500",
        "malignancy": "0.2500",
        "area_px": "5",
        "area_mm2": "0.07",
        "long_axis_px": "5.00",
        "long_axis_mm": "0.36",
        "short_axis_px": "1.00",
        "short_axis_mm": "0.20",
        "depth_px": "1",
        "depth_mm": "0.20",
        "width_px": "5",
        "width_mm": "0.36",
        "depth_width_ratio": "0.5600",
        "orientation": "parallel",
        "top_distance_px": "2",
        "top_distance_mm": "0.40",
        "solidity": "1.0000",
        "circularity": row["circularity"],
        "irregularity": row["irregularity"],
        "centroid_row": "3.00",
        "centroid_column": "7.00",
        "box_top": "3",
        "box_left": "5",
        "box_bottom": "4",
        "box_right": "10",
        "mm_per_pixel_y": "0.2",
        "mm_per_pixel_x": "0.0714286",
    }
    for name in ("circularity", "irregularity"):
        assert len(row[name].split(".")[1]) == 4


def test_columns_keep_their_order() -> None:
    assert tuple(format_lesion("a.png", None, make_lesion(None))) == LESION_COLUMNS


def test_without_calibration_cells_in_mm_are_empty() -> None:
    row = format_lesion("a.png", None, make_lesion(None))
    empty = {name for name, cell in row.items() if not cell}
    in_mm = {name for name in LESION_COLUMNS if "_mm" in name or "mm_" in name}
    assert empty == in_mm | {"frame", "malignancy"}


def test_same_in_every_run() -> None:
    rows = [format_lesion("a.png", 1, make_lesion((0.07, 0.09))) for _ in range(2)]
    assert rows[0] == rows[1]
