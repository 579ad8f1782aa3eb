"""Where in a picture the B-mode field is, as its pixels show it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter
from skimage.measure import label

Box = NDArray[np.int64]
BoolImage = NDArray[np.bool_]
ByteImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]
GreyImage = NDArray[np.float32] | NDArray[np.uint8]

_LEAST_SIDE_PX = 64
"""Rows or columns below which a picture is no screenshot."""
_BLOCKS = 192
"""Blocks along the longer side of the picture, at most, in which texture is counted."""
_FAINT, _STRONG = 1, 8
"""Difference of neighbours in grey levels: any echo at all; more than JPEG leaves around text."""
_NO_GROUND = 12
"""Difference from the ground of the console that marks even tissue without texture."""
_SEED_SHARE, _BODY_SHARE = 0.5, 0.2
"""Textured share of a block in the middle of tissue, and at its dark margins."""
_GAP_WIDTH, _SEED_WIDTH, _BODY_WIDTH = 5, 9, 3
"""Gaps that are closed; more than a line of text; less than near-field lines; odd, in blocks."""
_IMAGE_PART, _LOOSE_PART = 0.25, 0.1
"""Share of the largest seed that makes another a second image; or no more than a thumbnail."""
_NEAR_BLOCKS, _FAR_BLOCKS = 2, 5
"""Blocks outside an edge within which JPEG blurs it, and those looked at on both its sides."""
_INSIDE, _NEAR, _FAR = 0.4, 0.15, 0.25
"""Textured share within an edge, at least; strongly textured next to it, and beyond, below."""
_EDGE_SHARE, _CLEAR_SHARE = 0.5, 0.6
"""Share of a side along which a clear edge shows; share of those of its blocks with texture."""
_CROSSING_BLOCKS = 4
"""Textured blocks in a row outside an edge that are near-field lines going on, and no ticks."""
_FLAT_SHARE = 0.02
"""Share of the pixels of a line at which its level may change, as where two panels meet."""
_DENSE_SHARE = 0.6
"""Textured share of a whole line of blocks that only tissue reaches, not text or scales."""
_BEGIN_SHARE = 0.1
"""Share of a line of pixels along which texture begins at the edge of the field."""
_STRAIGHT_PX, _STRAIGHT_SHARE = 4, 0.5
"""A side is straight if along this share of it texture begins within so many px of the edge."""
_SNAP_PX = 3
"""Px between the field and the border of the picture that are not worth a cut."""
_LINES = 256
"""Lines of pixels that are rounded at once."""
_LEAST_AREA = 0.15
"""Share of the picture below which something else than the field was found."""


def find_field_of_view(grey: GreyImage) -> Box | None:
    """Find the field of view of a B-mode image among the text and marks of a console.

    Echo has texture throughout, a console is flat but for thin marks. Dense texture is the seed
    of the field; faint texture and brightness that are connected to it belong to it. Text, ticks
    and grey scales that hang on a side go where a straight edge shows that no echo crosses it.
    Images side by side make one box. In doubt the box is too large: a field that fades out in the
    depth reaches down to the border, and a slanted or round side keeps a margin.

    Args:
        grey: (H, W) float32 or uint8, 0 to 255, of any polarity.

    Returns:
        First row, first column, last row + 1, last column + 1 in px; `None` for the whole
        picture, if no field was found, or nothing around it.

    Examples:
        >>> picture = np.zeros((240, 320), np.float32)
        >>> echo = np.random.default_rng(0).integers(0, 255, (160, 200))
        >>> picture[40:200, 60:260] = echo
        >>> find_field_of_view(picture).tolist()
        [40, 60, 200, 260]
    """
    rows, columns = grey.shape
    if min(rows, columns) < _LEAST_SIDE_PX:
        return None
    levels = _round(grey)
    down, across = _differ(levels[1:], levels[:-1]), _differ(levels[:, 1:], levels[:, :-1])
    block = -(-max(rows, columns) // _BLOCKS)
    faint, strong = (_count_texture(down, across, least, block) for least in (_FAINT, _STRONG))
    is_seed = _open(_close(faint >= _SEED_SHARE, _GAP_WIDTH), _SEED_WIDTH)
    if not is_seed.any():
        return None
    seeds = label(is_seed, connectivity=1)
    areas = np.bincount(seeds.ravel())
    areas[0] = 0
    is_field = np.isin(seeds, np.flatnonzero(areas >= _IMAGE_PART * areas.max()))
    is_body = _grow_body(faint, levels[::block, ::block], is_field)
    layers = np.stack([faint, strong, is_seed]).astype(np.float32)
    padded = np.pad(levels, [(0, -size % block) for size in levels.shape], mode="edge")
    box: Box = _cut_sides(layers, padded, is_body, _LOOSE_PART * areas.max()) * block
    top, left, bottom, right = np.minimum(box, [rows, columns] * 2)

    del padded  # of a large image these bytes count
    ends_down, ends_across = down[:, left:right], across[top:bottom].T
    box[0] = _find_edge(ends_down, top, block)
    box[1] = _find_edge(ends_across, left, block)
    box[2] = rows - _find_edge(ends_down[::-1], rows - bottom, block, may_fade=True)
    box[3] = columns - _find_edge(ends_across[::-1], columns - right, block)
    share = np.prod(box[2:] - box[:2]) / grey.size
    return box if _LEAST_AREA <= share < 1 else None


def find_box(grey: GreyImage) -> tuple[int, int, int, int] | None:
    """Find the field of view, see `find_field_of_view`.

    Args:
        grey: (H, W) float32 or uint8, 0 to 255.

    Returns:
        Its box as plain numbers; `None` for the whole picture.
    """
    found = find_field_of_view(grey)
    if found is None:
        return None
    top, left, bottom, right = (int(edge) for edge in found)
    return top, left, bottom, right


def _round(grey: GreyImage) -> ByteImage:
    """Round line by line: a copy of a large picture in floats would take much memory."""
    if grey.dtype == np.uint8:
        return grey.astype(np.uint8, copy=False)
    levels = np.empty(grey.shape, np.uint8)
    for start in range(0, len(grey), _LINES):
        np.rint(grey[start : start + _LINES], out=levels[start : start + _LINES], casting="unsafe")
    return levels


def _differ(first: ByteImage, second: ByteImage) -> ByteImage:
    return np.maximum(first, second) - np.minimum(first, second)


def _count_texture(down: ByteImage, across: ByteImage, least: int, block: int) -> FloatImage:
    """Share of the pixels of each block that differ from their lower or right neighbour."""
    rows, columns = len(down) + 1, down.shape[1]
    bands = []
    height = -(-_LINES // block) * block
    for top in range(0, rows, height):
        band = slice(top, min(top + height, rows))
        texture = np.zeros((band.stop - top, columns), np.uint8)
        below = down[band]
        texture[: len(below)] = below >= least
        texture[:, :-1] |= across[band] >= least
        bands.append(_sum_blocks(texture, block))
    shares: FloatImage = np.concatenate(bands).astype(np.float32) / np.float32(block**2)
    return shares


def _sum_blocks(texture: ByteImage, block: int) -> NDArray[np.uint32]:
    # Beyond the picture it goes on as at its border. skimage's downscale_local_mean is ten times
    # as slow as the sum of slices.
    sums: NDArray[Any] = np.pad(texture, [(0, -size % block) for size in texture.shape], "edge")
    for _ in range(2):
        total = sums[::block].astype(np.uint32)
        for start in range(1, block):
            total += sums[start::block]
        sums = total.T
    return sums


def _grow_body(faint: FloatImage, levels: ByteImage, is_field: BoolImage) -> BoolImage:
    """Find the blocks of faint texture, or brighter or darker than the ground, at the seeds."""
    is_body = faint >= _BODY_SHARE
    ground = levels[(faint == 0) & ~is_field]
    if ground.size:
        most = np.bincount(ground).argmax()
        is_body |= np.abs(levels.astype(np.int16) - most) > _NO_GROUND
    is_body = _open(_close(is_body, _GAP_WIDTH), _BODY_WIDTH) | is_field
    parts = label(is_body, connectivity=1)
    return np.isin(parts, np.unique(parts[is_field]))


def _cut_sides(
    layers: FloatImage, levels: ByteImage, is_body: BoolImage, loose_area: float
) -> NDArray[np.int64]:
    """Box of the body in blocks, less what hangs on its sides."""
    block = levels.shape[0] // is_body.shape[0]
    rows, columns = (np.flatnonzero(is_body.any(axis=axis)) for axis in (1, 0))
    box = np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1])
    top, left, bottom, right = box * block
    view, pixels = layers[:, box[0] : box[2], box[1] : box[3]], levels[top:bottom, left:right]
    kept = 0
    for side in 2 * [0, 3, 2, 1]:  # a quarter turn to the left brings the right side up
        count = _count_loose_lines(view, pixels, loose_area)
        kept = 0 if count else kept + 1
        if kept == len(box):  # no side would be cut in the second round either
            break
        box[side] += count if side < 2 else -count
        view = np.ascontiguousarray(np.rot90(view[:, count:], axes=(1, 2)))
        pixels = np.rot90(pixels[count * block :])
    return box


def _count_loose_lines(layers: FloatImage, levels: ByteImage, loose_area: float) -> int:
    """Count the lines of blocks above the clearest straight edge that no echo crosses."""
    block = len(levels) // layers.shape[1]
    half = (layers.shape[1] - 1) // 2
    # An edge is in the upper half, and seen from these lines.
    faint, strong, is_seed = layers[:, : half + 1 + _FAR_BLOCKS]
    # Line e of each array below stands for an edge between lines e and e + 1.
    is_inside = (_mean_next(faint, _FAR_BLOCKS) > _INSIDE)[1:]
    is_outside = (_mean_next(strong[::-1], _NEAR_BLOCKS)[::-1] < _NEAR)[:-1]
    crossing = minimum_filter((is_inside & ~is_outside).astype(np.uint8), (1, _CROSSING_BLOCKS))
    far = _mean_next(faint[::-1], _FAR_BLOCKS)[::-1] < _FAR
    is_outside[_NEAR_BLOCKS:] &= far[: -_NEAR_BLOCKS - 1]
    edge = (is_inside & is_outside).mean(axis=1)
    is_edge = (edge >= _EDGE_SHARE) & (edge >= _CLEAR_SHARE * is_inside.mean(axis=1))
    is_edge &= np.maximum.accumulate(faint.mean(axis=1))[:-1] < _DENSE_SHARE
    is_edge &= is_seed.sum(axis=1).cumsum()[:-1] < loose_area
    is_edge[half:] = False
    for line in np.flatnonzero(is_edge & crossing.any(axis=1)):
        # What is next to the field but for one flat line of pixels is text, and no echo.
        strip = levels[line * block : (line + 2) * block]
        changes = np.count_nonzero(strip[:, 1:] != strip[:, :-1], axis=1)
        is_edge[line] = changes.min() <= _FLAT_SHARE * strip.shape[1]
    # The last of equals, as some blocks before an edge see enough of what is inside it.
    return len(edge) - int((edge * is_edge)[::-1].argmax()) if is_edge.any() else 0


def _mean_next(image: FloatImage, count: int) -> FloatImage:
    """Mean of each line and the next ones, `count` in all or as many as there are."""
    sums = np.zeros((len(image) + 1, image.shape[1]), np.float32)
    np.cumsum(image, axis=0, out=sums[1:])
    first = np.arange(len(image))
    last = np.minimum(first + count, len(image))
    means: FloatImage = (sums[last] - sums[first]) / (last - first).astype(np.float32)[:, None]
    return means


def _find_edge(ends: ByteImage, near: int, block: int, *, may_fade: bool = False) -> int:
    """Find the first line of pixels of the field, from outside.

    Args:
        ends: (N - 1, M), by how much a pixel of a line differs from that of the next line.
        near: the line, but for two blocks.
        block: side of a block in px.
        may_fade: whether the field reaches the border of the picture if its edge is not straight.

    Returns:
        The line from 0, the border of the picture.
    """
    start = max(0, near - 2 * block)
    begins = ends[: near + 2 * block + _STRAIGHT_PX] >= _FAINT
    shares = np.count_nonzero(begins[: near + 2 * block], axis=1) / begins.shape[1]
    found = start + np.flatnonzero(shares[start:] >= _BEGIN_SHARE)
    first = int(found[0]) if found.size else near
    while first > 0 and shares[first - 1] >= _BEGIN_SHARE:
        first -= 1
    # What is before a flat line and a straight edge is text.
    after_flat = [int(line) for line in found if line > first and shares[line - 1] == 0]
    straight = [line for line in (first, *after_flat) if _is_straight(begins, line)]
    slanted = 0 if may_fade else min(first + 1, near) - 2 * block
    edge = straight[0] + 1 if straight else slanted
    return edge if edge > _SNAP_PX else 0


def _is_straight(begins: BoolImage, line: int) -> bool:
    share = begins[line : line + _STRAIGHT_PX].any(axis=0).mean()
    return bool(share >= _STRAIGHT_SHARE)


def _close(mask: BoolImage, width: int) -> BoolImage:
    return _filter_twice(mask, width, maximum_filter, minimum_filter)


def _open(mask: BoolImage, width: int) -> BoolImage:
    return _filter_twice(mask, width, minimum_filter, maximum_filter)


def _filter_twice(mask: BoolImage, width: int, first: Any, second: Any) -> BoolImage:
    """Filter by a square; beyond the picture it goes on as at its border."""
    padded = np.pad(mask, width, mode="edge").astype(np.uint8)
    filtered = second(first(padded, width), width)
    return np.asarray(filtered[width:-width, width:-width] > 0)
