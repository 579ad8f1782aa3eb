"""Masks of all shapes, with what is measured of them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.lesions.axis import Axis
from pipeline.lesions.judge_quality import judge_quality
from pipeline.lesions.lesion import Lesion, find_lesions
from pipeline.lesions.platt_scale import PlattScale
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from web_fixtures.fixture_folder import FixtureFolder


def write_shapes(folder: Path) -> None:
    """Write masks and their lesions, with one region, two of several scales, or none in mm."""
    cases = FixtureFolder(folder)
    scale = PlattScale(0.9, -0.1)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        shape = (60 + seed, 97 - seed)
        mask = _draw(rng, shape, seed)
        maps = [gaussian_filter(rng.random(shape), 3).astype(np.float32) for _ in range(3)]
        regions = _list_regions(shape, seed)
        lesions = find_lesions(
            mask,
            maps[0],
            regions=regions,
            presence=maps[1],
            malignancy=maps[2],
            malignancy_scale=scale,
        )
        image = (maps[0] * 255).astype(np.float32)
        doubt = float(rng.random())
        cases.add(
            mask=mask,
            maps=maps,
            image=image,
            doubt=doubt,
            scale={"slope": scale.slope, "offset": scale.offset},
            regions=[
                {
                    "box": list(region.box),
                    "mmPerPixel": region.mm_per_pixel and list(region.mm_per_pixel),
                    "origin": region.origin.value,
                    "parts": [list(part) for part in region.parts],
                }
                for region in regions
            ],
            lesions=[describe_lesion(lesion) for lesion in lesions],
            quality=judge_quality(image, mask, regions, boundary_uncertainty=doubt),
        )
    cases.finish()


def describe_lesion(lesion: Lesion) -> dict[str, Any]:
    """Describe a lesion as the page does, but for its outline."""
    return {
        "number": lesion.number,
        "areaPx": lesion.area_px,
        "areaMm2": lesion.area_mm2,
        "probability": lesion.probability,
        "peakProbability": lesion.peak_probability,
        "malignancy": lesion.malignancy,
        "longAxis": _describe_axis(lesion.long_axis),
        "shortAxis": _describe_axis(lesion.short_axis),
        "depthPx": lesion.depth_px,
        "depthMm": lesion.depth_mm,
        "widthPx": lesion.width_px,
        "widthMm": lesion.width_mm,
        "depthWidthRatio": lesion.depth_width_ratio,
        "orientation": lesion.orientation.value,
        "topDistancePx": lesion.top_distance_px,
        "topDistanceMm": lesion.top_distance_mm,
        "solidity": lesion.solidity,
        "circularity": lesion.circularity,
        "irregularity": lesion.irregularity,
        "centroid": list(lesion.centroid),
        "box": list(lesion.box),
        "mmPerPixel": lesion.mm_per_pixel and list(lesion.mm_per_pixel),
    }


def _describe_axis(axis: Axis) -> dict[str, Any]:
    return {
        "start": list(axis.start),
        "end": list(axis.end),
        "lengthPx": axis.length_px,
        "lengthMm": axis.length_mm,
    }


def _draw(rng: np.random.Generator, shape: tuple[int, int], seed: int) -> NDArray[np.bool_]:
    """Draw blobs; the first masks are the smallest and the strangest."""
    mask = np.zeros(shape, bool)
    if seed == 0:
        return mask
    if seed == 1:
        mask[5, 7] = True
    elif seed == 2:
        mask[5, 7:20] = mask[30:45, 50] = True
    elif seed == 3:
        mask[np.arange(20) + 4, np.arange(20) + 9] = True  # corner to corner
    elif seed == 4:
        mask[10:30, 10:40] = True
        mask[15:20, 15:20] = mask[20, 20] = False  # a hole with a tail
        mask[0:4, 0:3] = True
    else:
        field = gaussian_filter(rng.standard_normal(shape), 2 + seed % 5)
        mask = field > np.quantile(field, 0.7 + 0.01 * (seed % 20))
    return mask


def _list_regions(shape: tuple[int, int], seed: int) -> list[CalibratedRegion]:
    rows, columns = shape
    mm = None if seed % 3 == 0 else (0.07 + 0.01 * (seed % 4), 0.1)
    if seed % 4 == 3:
        half = columns // 2
        return [
            CalibratedRegion((2, 0, rows, half), mm, RegionOrigin.GIVEN),
            CalibratedRegion((0, half, rows, columns), (0.2, 0.2), RegionOrigin.GIVEN),
        ]
    if seed % 4 == 2:
        parts = ((0, 0, rows - 9, columns - 20), (9, 11, rows, columns))
        return [CalibratedRegion((0, 0, rows, columns), mm, RegionOrigin.GIVEN, parts)]
    return [CalibratedRegion((1, 2, rows - 1, columns - 3), mm, RegionOrigin.GIVEN)]
