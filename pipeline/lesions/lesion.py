"""One connected lesion of a mask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from skimage.measure import label

from pipeline.lesions.axis import Axis
from pipeline.lesions.convex_hull import count_hull_pixels, find_hull
from pipeline.lesions.measure_axes import measure_axes
from pipeline.lesions.orientation import Orientation
from pipeline.lesions.outline import trace_outline
from pipeline.lesions.platt_scale import PlattScale
from pipeline.readers.region.calibrated_region import CalibratedRegion

ROUND = 1 - 1e-9
"""Ratio of depth to width from which a mass is round: 1, for lengths with errors of rounding."""

_UNSCALED = PlattScale()


@dataclass(frozen=True)
class Lesion:
    """A connected component (8 neighbours) of a mask, measured in px of the source image.

    All of it comes from the mask, nothing from the grey values. What is in mm is `None` without
    calibration. Where the lesion runs into the border of its image, lengths and areas are those of
    the part that is seen.

    Attributes:
        number: from 1, the largest first.
        area_px: number of pixels, without holes.
        area_mm2: their area.
        probability: that it is a lesion at all, 0 to 1.
        peak_probability: highest probability of its pixels, 0 to 1.
        malignancy: probability that it is malignant, 0 to 1; `None` if the network does not judge
            that.
        long_axis: the longest diameter; of calibrated pixels, in mm. See `measure_axes`.
        short_axis: the longest diameter perpendicular to it, of the convex hull.
        depth_px: rows from the uppermost to the lowest pixel, both included: the axial, or
            anterior-posterior extent.
        depth_mm: the same in mm.
        width_px: columns from the leftmost to the rightmost pixel, both included: the lateral,
            or transverse extent.
        width_mm: the same in mm.
        depth_width_ratio: depth over width in mm; in px without calibration, which is right for
            square pixels only.
        orientation: by that ratio. Near 1 it hangs on a single pixel: look at the ratio too.
        top_distance_px: rows between the top of the region, or of the frame if the lesion is in
            no region, and the lesion's uppermost pixel; 0 if it touches it. It is no distance to
            the skin: the skin may lie lower, below gel, a standoff or the probe's curved face.
        top_distance_mm: the same in mm.
        solidity: share of the lesion in the pixels whose centres its convex hull encloses,
            0 to 1; 1 for whatever is digitally convex, however small.
        circularity: 4 pi area / perimeter^2 within the outer boundary, 1 for a disc, less for all
            else. The perimeter is an estimate, see `trace_outline`: a disc 40 px wide comes within
            4 %, one 10 px wide within 12 %; a rectangle along the rows is 11 % too high, and a
            lesion of a few pixels may be far above 1.
        irregularity: standard deviation over mean of the distance from the centroid to the outer
            boundary: 0 for a disc, 0.23 for a smooth ellipse twice as long as wide. It is the
            inverse of the mu_R / sigma_R in `doi:10.1118/1.597707
            <https://doi.org/10.1118/1.597707>`_; no descriptor of a margin in BI-RADS follows.
        centroid: mean row and mean column of its pixels in px; may lie outside of the lesion.
        box: first row, first column, last row + 1, last column + 1.
        mm_per_pixel: mm between rows and between columns; `None` without calibration.
        contours: outer boundaries as polygons, each (N, 2) float64, row and column in px; (0, 0)
            is the centre of the first pixel; the last point is the first one. One polygon, as
            pixels that touch at a corner are joined and holes are left out.
        mask: (h, w) bool, the lesion within `box`.
    """

    number: int
    area_px: int
    area_mm2: float | None
    probability: float
    peak_probability: float
    malignancy: float | None
    long_axis: Axis
    short_axis: Axis
    depth_px: int
    depth_mm: float | None
    width_px: int
    width_mm: float | None
    depth_width_ratio: float
    orientation: Orientation
    top_distance_px: int
    top_distance_mm: float | None
    solidity: float
    circularity: float
    irregularity: float
    centroid: tuple[float, float]
    box: tuple[int, int, int, int]
    mm_per_pixel: tuple[float, float] | None
    # An array has no single truth value: with it, two lesions could not be compared.
    contours: tuple[NDArray[np.float64], ...] = field(repr=False, compare=False)
    mask: NDArray[np.bool_] = field(repr=False, compare=False)


def find_lesions(
    mask: NDArray[np.bool_],
    probability: NDArray[np.float32],
    *,
    regions: Sequence[CalibratedRegion] = (),
    presence: NDArray[np.float32] | None = None,
    malignancy: NDArray[np.float32] | None = None,
    malignancy_scale: PlattScale = _UNSCALED,
) -> list[Lesion]:
    """Split a mask into its lesions, and measure them.

    Lesions of different regions never join, as two B-mode images side by side are two views: a
    component that reaches from one region into another is cut at the border. Pixels in no region
    go with the region whose box is nearest, so that a margin of a pixel beyond a box neither makes
    a lesion of its own nor joins two; pixels in several go with the first of them. A lesion is
    calibrated by its region if more than half of its pixels lie in the region's box, and by none
    otherwise.

    Args:
        mask: (H, W) bool, `True` where there is lesion.
        probability: (H, W) float32, 0 to 1.
        regions: B-mode images of the frame; without, all is one region of unknown scale.
        presence: (H, W) float32, 0 to 1, at each lesion its probability of being one (see
            `JudgeCandidatesd`); without, the mean of `probability` stands in for it.
        malignancy: (H, W) float32, 0 to 1, the network's second channel; `None` if it has none.
        malignancy_scale: makes a probability of it.

    Returns:
        The lesions, the largest in px first.

    Raises:
        ValueError: the shapes differ.

    Examples:
        >>> mask = np.zeros((6, 9), bool)
        >>> mask[1:3, 2:7] = True
        >>> (lesion,) = find_lesions(mask, np.full((6, 9), 0.5, np.float32))
        >>> lesion.area_px, lesion.depth_px, lesion.width_px, lesion.orientation.value
        (10, 2, 5, 'parallel')
        >>> lesion.area_mm2 is None
        True
    """
    if mask.shape != probability.shape:
        msg = f"expected two arrays of one shape, got {mask.shape} and {probability.shape}"
        raise ValueError(msg)
    (rows,), (columns,) = (np.nonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return []
    top, left = int(rows[0]), int(columns[0])
    owners = _find_owners(mask[top : rows[-1] + 1, left : columns[-1] + 1], (top, left), regions)
    lesions = []
    for component, box, region in _split(owners, (top, left), regions):
        crop = slice(box[0], box[2]), slice(box[1], box[3])
        malignant = None if malignancy is None else malignancy_scale(component, malignancy[crop])
        present = (probability if presence is None else presence)[crop][component]
        certainty = float(present.mean(dtype=np.float64))
        lesions.append(_measure(component, probability[crop], certainty, malignant, box, region))
    lesions.sort(key=lambda lesion: (-lesion.area_px, lesion.box))
    return [replace(lesion, number=number) for number, lesion in enumerate(lesions, start=1)]


def _find_owners(
    mask: NDArray[np.bool_], origin: tuple[int, int], regions: Sequence[CalibratedRegion]
) -> NDArray[np.int64]:
    """Give each pixel of the mask the number from 1 of the region nearest to it."""
    owners = mask.astype(np.int64)
    if len(regions) < 2:
        return owners
    rows, columns = np.nonzero(mask)
    squares = []
    for region in regions:
        top, left, bottom, right = region.box
        down = rows + origin[0] - (rows + origin[0]).clip(top, bottom - 1)
        across = columns + origin[1] - (columns + origin[1]).clip(left, right - 1)
        squares.append(down**2 + across**2)
    owners[rows, columns] += np.argmin(squares, axis=0)
    return owners


def _split(
    owners: NDArray[np.int64], origin: tuple[int, int], regions: Sequence[CalibratedRegion]
) -> Iterator[tuple[NDArray[np.bool_], tuple[int, int, int, int], CalibratedRegion | None]]:
    """Yield each component, cropped, with its box in the frame and the region it belongs to."""
    # Neighbours of different owners are not connected.
    labels = label(owners, connectivity=2)
    for number, (rows, columns) in enumerate(find_objects(labels), start=1):
        component = labels[rows, columns] == number
        box = (
            rows.start + origin[0],
            columns.start + origin[1],
            rows.stop + origin[0],
            columns.stop + origin[1],
        )
        region = regions[int(owners[rows, columns][component][0]) - 1] if regions else None
        yield component, box, region if region and _is_within(component, box, region) else None


def _is_within(
    component: NDArray[np.bool_], box: tuple[int, int, int, int], region: CalibratedRegion
) -> bool:
    top, left, bottom, right = region.box
    rows = slice(max(top - box[0], 0), max(bottom - box[0], 0))
    columns = slice(max(left - box[1], 0), max(right - box[1], 0))
    inside = int(np.count_nonzero(component[rows, columns]))
    return 2 * inside > int(np.count_nonzero(component))


def _measure(
    component: NDArray[np.bool_],
    probability: NDArray[np.float32],
    certainty: float,
    malignancy: float | None,
    box: tuple[int, int, int, int],
    region: CalibratedRegion | None,
) -> Lesion:
    origin = box[:2]
    mm = region.mm_per_pixel if region else None
    depth, width = component.shape
    rows, columns = component.sum(axis=1), component.sum(axis=0)
    area = int(rows.sum())
    centroid = float(rows @ np.arange(depth)) / area, float(columns @ np.arange(width)) / area
    hull = find_hull(component)
    outline = trace_outline(component, centroid, mm_per_pixel=mm)
    long_axis, short_axis = measure_axes(hull, mm_per_pixel=mm, origin=origin)
    ratio = depth / width * (mm[0] / mm[1] if mm else 1)
    top_distance = max(origin[0] - (region.box[0] if region else 0), 0)
    return Lesion(
        number=0,
        area_px=area,
        area_mm2=mm and area * mm[0] * mm[1],
        probability=certainty,
        peak_probability=float(probability[component].max()),
        malignancy=malignancy,
        long_axis=long_axis,
        short_axis=short_axis,
        depth_px=depth,
        depth_mm=mm and depth * mm[0],
        width_px=width,
        width_mm=mm and width * mm[1],
        depth_width_ratio=ratio,
        orientation=Orientation.NOT_PARALLEL if ratio >= ROUND else Orientation.PARALLEL,
        top_distance_px=top_distance,
        top_distance_mm=mm and top_distance * mm[0],
        solidity=area / count_hull_pixels(hull),
        circularity=outline.circularity,
        irregularity=outline.irregularity,
        centroid=(centroid[0] + origin[0], centroid[1] + origin[1]),
        box=box,
        mm_per_pixel=mm,
        contours=(outline.points + origin,),
        mask=component,
    )
