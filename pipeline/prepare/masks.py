"""Mask files of every colour depth as boolean arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, maximum_filter, minimum_filter

from pipeline.errors import ReadError
from pipeline.readers.codec.codec_worker import shared_codec_worker
from pipeline.readers.file_type import FileType, detect_file_type

LARGEST_LABEL = 15
"""Mask files whose greatest value is at most this hold label numbers, not grey levels."""

_FORMATS = (FileType.PNG, FileType.JPEG, FileType.BMP, FileType.TIFF)
_COLOURED = 0.25
"""Difference of a pixel's channels, as a share of the brightest, from which it has a colour."""
_BETWEEN = (0.1, 0.9)
"""Share of the brightest value between which a level is neither black nor white."""
_PICTURE = 0.5
"""Share of the pixels that are of such a level in a picture, and not in a mask with soft edges."""
_FLAT_PX = 5
"""Side of a square of one level that no edge, however blurred, has within it; odd."""
_MOST_LEVELS = 8
"""Levels of a file that was drawn as labels; lossy compression makes more of them."""
_LEAST_STEP, _UNEVEN = 0.02, 0.25
"""Difference from both neighbours, as a share of the brightest value, by which a pixel is a peak
or a pit; share of such pixels among those of a level between, in a picture and in no edge."""
_LEAST_UNEVEN_PX = 50
"""Pixels of a level between from which that share is looked at."""
_LARGEST_HOLE = 1.0
"""Area of the holes in a lesion, as a share of the rest, above which only its outline is drawn."""


def read_pixels(path: Path) -> NDArray[Any]:
    """Decode an image file of one page, upright.

    Args:
        path: PNG, JPEG, BMP or TIFF file, by its content.

    Returns:
        Array (H, W) of the stored depth for grey files, 0 or 255 for 1-bit ones; or
        (H, W, channels) uint8 of grey and alpha, colour, or colour and alpha.

    Raises:
        ReadError: the file is missing, damaged, no such image, or has several pages.
    """
    try:
        file_type = detect_file_type(path)
    except ReadError as error:
        msg = f"mask cannot be read: {error}"
        raise ReadError(msg) from error
    if file_type not in _FORMATS:
        msg = f"mask cannot be read: expected PNG, JPEG, BMP or TIFF, got {file_type.value}"
        raise ReadError(msg)
    return _decode({"path": str(path), "format": file_type.value})


def decode_png(content: bytes) -> NDArray[Any]:
    """Decode a PNG that is in memory, see `read_pixels`.

    Returns:
        As of `read_pixels`.

    Raises:
        ReadError: as of `read_pixels`.
    """
    return _decode({"format": FileType.PNG.value}, content)


def read_foreground(path: Path) -> NDArray[np.bool_]:
    """Read a mask file, see `find_foreground`.

    Args:
        path: PNG, JPEG, BMP or TIFF file, by its content.

    Returns:
        Boolean array (H, W), True inside the lesion.

    Raises:
        ReadError: the file is missing or damaged, or what in it is the lesion is not clear.
    """
    return find_foreground(read_pixels(path))


def find_foreground(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Find the lesion in a mask as a person sees it in a viewer.

    Bright or coloured on black is lesion, coloured on white too, and what is opaque where the rest
    is transparent. Values up to `LARGEST_LABEL` are label numbers, each of them foreground;
    otherwise foreground is brighter than half of the brightest value, which leaves out the fringe
    that lossy compression or resizing left.

    Args:
        pixels: as `read_pixels` returns them.

    Returns:
        Boolean array (H, W), True inside the lesion.

    Raises:
        ReadError: it may be read in two ways: colour and alpha show different shapes, there are
            areas of a level between black and white, label numbers beside brighter levels, or the
            texture of a picture, all four corners are lesion, as in a mask of the wrong polarity,
            or only an outline is drawn; or values are below 0 or no numbers.
    """
    colours, alpha = split_alpha(pixels)
    if alpha is None or alpha.min() == alpha.max() > 0:
        lesion = _find_bright(colours)
    elif alpha.max() == 0:
        if colours.any():
            msg = "mask that is transparent throughout"
            raise ReadError(msg)
        lesion = np.zeros(alpha.shape, np.bool_)
    else:
        lesion = _find_opaque(colours, alpha)
    check_corners(lesion)
    _check_filled(lesion)
    return lesion


def check_corners(lesion: NDArray[np.bool_]) -> None:
    """Refuse a mask with lesion in all four corners: black and white are swapped.

    Args:
        lesion: (H, W).

    Raises:
        ReadError: it is.
    """
    rows, columns = (max(1, size - 1) for size in lesion.shape)
    if lesion[::rows, ::columns].all():
        msg = (
            "mask whose four corners are lesion: expected a white lesion on black, which does not "
            "fill the image"
        )
        raise ReadError(msg)


def _check_filled(lesion: NDArray[np.bool_]) -> None:
    """Refuse an outline: whether it is filled, and where it ends, is for a person to say."""
    drawn = np.count_nonzero(lesion)
    if drawn and np.count_nonzero(binary_fill_holes(lesion)) > (1 + _LARGEST_HOLE) * drawn:
        msg = "mask of an outline, as its holes are larger than the rest: fill the lesion"
        raise ReadError(msg)


def split_alpha(pixels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Remove the alpha channel.

    Args:
        pixels: as `read_pixels` returns them.

    Returns:
        Grey (H, W) or colour (H, W, 3), and alpha (H, W) if there is any.
    """
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels, None
    colours, alpha = pixels[..., :-1], pixels[..., -1]
    return colours[..., 0] if colours.shape[2] == 1 else colours, alpha


def _decode(arguments: dict[str, Any], content: bytes = b"") -> NDArray[Any]:
    try:
        meta, pixels = shared_codec_worker().call("raster_pixels", arguments, content)
    except ReadError as error:
        msg = f"mask cannot be read: {error}"
        raise ReadError(msg) from error
    if meta["pages"] != 1:
        msg = f"mask of {meta['pages']} pages: expected one"
        raise ReadError(msg)
    return pixels


def _find_opaque(colours: NDArray[Any], alpha: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find what is opaque, if the colours do not show something else."""
    is_opaque = alpha > alpha.max() / 2
    weight = alpha[..., None] if colours.ndim == 3 else alpha
    on_black = colours.astype(np.float32) * weight
    visible = colours[is_opaque]
    has_one_colour = bool((visible == visible[0]).all())
    if not has_one_colour and not np.array_equal(_find_bright(on_black), is_opaque):
        msg = "mask whose colours and transparency show different shapes: expected one of them"
        raise ReadError(msg)
    return np.asarray(is_opaque)


def _find_bright(values: NDArray[Any]) -> NDArray[np.bool_]:
    if not np.isfinite(values).all() or values.min() < 0:
        msg = "mask with values below 0, or that are no numbers"
        raise ReadError(msg)
    if values.ndim == 3:
        darkest, values = values.min(axis=2), values.max(axis=2)
        brightest = values.max()
        is_coloured = values - darkest > _COLOURED * brightest
        if is_coloured.any() and values.min() > brightest / 2:  # colours on white, and no black
            return np.asarray(is_coloured)
    greatest = float(values.max())
    if greatest <= LARGEST_LABEL and not (values % 1).any():
        return np.asarray(values > 0)
    _check_labels(values)
    _check_levels(values / greatest)
    return np.asarray(values > greatest / 2)


def _check_labels(values: NDArray[Any]) -> None:
    """Refuse areas of label numbers beside brighter ones, as 1 for a lesion and 255 for another."""
    levels = np.unique(values)
    if len(levels) > _MOST_LEVELS or levels[0] != 0 or levels[1] > LARGEST_LABEL:
        return
    least, most = (
        rank(values, _FLAT_PX, mode="nearest") for rank in (minimum_filter, maximum_filter)
    )
    found = most[(least == most) & (most > 0) & (most <= LARGEST_LABEL)]
    if found.size:
        msg = (
            f"mask with areas of {found[0]:g} and of {levels[-1]:g}: expected label numbers up to "
            f"{LARGEST_LABEL}, or a white lesion on black"
        )
        raise ReadError(msg)


def _check_levels(shares: NDArray[np.floating[Any]]) -> None:
    """Refuse areas of a level between; an edge, however blurred, has no flat ones."""
    low, high = _BETWEEN
    share = float(((shares > low) & (shares < high)).mean())
    if not share:
        return
    least, most = (
        rank(shares, _FLAT_PX, mode="nearest") for rank in (minimum_filter, maximum_filter)
    )
    is_between = (least == most) & (most > low) & (most < high)
    if is_between.any():
        percent = round(100 * float(most[is_between].max()))
        msg = (
            f"mask with areas of a level between black and white ({percent} % of the brightest): "
            "expected a white lesion on black"
        )
        raise ReadError(msg)
    share = max(share, _find_texture(shares))
    if share > _PICTURE:
        msg = (
            f"mask with the levels of a picture ({round(100 * share)} % are neither black nor "
            "white): expected a white lesion on black"
        )
        raise ReadError(msg)


def _find_texture(shares: NDArray[np.floating[Any]]) -> float:
    """Return the share of what is not black that is of a level between, if that has texture.

    Across an edge, however blurred, grey levels rise or fall; in a picture they do both.
    """
    low, high = _BETWEEN
    middle = shares[:, 1:-1]
    is_between = (middle > low) & (middle < high)
    count = np.count_nonzero(is_between)
    before, behind = middle - shares[:, :-2], middle - shares[:, 2:]
    is_uneven = (before * behind > 0) & (np.minimum(abs(before), abs(behind)) > _LEAST_STEP)
    if count < _LEAST_UNEVEN_PX or np.count_nonzero(is_uneven & is_between) < _UNEVEN * count:
        return 0.0
    return count / np.count_nonzero(middle > low)
