"""PNG, JPEG, BMP and TIFF through Pillow, for the process that decodes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from pipeline.errors import ReadError
from pipeline.readers.image_source import check_size, rgb_to_grey
from pipeline.readers.limits import LARGEST_IMAGE_PX, MOST_FRAMES
from pipeline.readers.quiet import quiet_decoders

_SIXTEEN_BIT_MODES = {"I;16", "I;16L", "I;16B", "I;16N", "I"}
_MAX_16_BIT = 65535.0
_TURNED = range(5, 9)
"""Values of the EXIF orientation by which rows become columns."""
_PHOTOMETRIC_TAG = 262
_WHITE_IS_ZERO = 0
_TEXT_LIMITS = ("MAX_TEXT_CHUNK", "MAX_TEXT_MEMORY")


def read_raster_header(
    arguments: Mapping[str, Any], payload: bytes = b""
) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Count the pages of a file; no pixels are decoded.

    Args:
        arguments: ``path`` of the file, and ``format``, Pillow's name of the only one that is
            tried.
        payload: not used.

    Returns:
        ``frames``, 1 unless it is a TIFF, ``size``, rows and columns of the first page as it is
        decoded, and an empty array.

    Raises:
        ReadError: Pillow cannot parse the header, the first page is too large to be an image, or
            there are more than `MOST_FRAMES`.
    """
    with _open(arguments) as image:
        size = (image.height, image.width)
        if image.getexif().get(ExifTags.Base.Orientation, 1) in _TURNED:
            size = (image.width, image.height)
        frames = _count_pages(image) if image.format == "TIFF" else 1
    return {"frames": frames, "size": size}, np.empty(0, np.uint8)


def decode_raster(
    arguments: Mapping[str, Any], payload: bytes = b""
) -> tuple[dict[str, Any], NDArray[np.generic]]:
    """Decode one page.

    Alpha is ignored, colour becomes luma, 1-bit becomes 0 or 255, 16 bits are scaled so that 65535
    is 255, and the EXIF orientation is applied.

    Args:
        arguments: as of `read_raster_header`, and ``index``, number of the page from 0.
        payload: not used.

    Returns:
        Nothing else, and grey values (H, W), 0 to 255: float32 of 16 bits, else uint8.

    Raises:
        ReadError: the page is damaged or too large, or its pixel type is unknown.
    """
    with _open(arguments) as image:
        if arguments["index"]:
            image.seek(arguments["index"])
            check_size(image.height, image.width)
        grey = _to_grey(ImageOps.exif_transpose(image))
        return {}, 255 - grey if _is_inverted(image) else grey


@contextmanager
def _open(arguments: Mapping[str, Any]) -> Iterator[Image.Image]:
    """Open the file; whatever Pillow raises until it is closed becomes a `ReadError`.

    Its messages and warnings may quote the file, so only the type of an error is told.
    """
    path, name = Path(arguments["path"]), arguments["format"]
    if path.exists() and not path.is_file():  # opening a FIFO would wait for ever
        msg = "expected a regular file, got something else"
        raise ReadError(msg)
    try:
        with quiet_decoders(), Image.open(path, formats=[name]) as image:
            check_size(image.height, image.width)
            yield image
    except ReadError:
        raise
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        msg = f"expected a frame of 1 to {LARGEST_IMAGE_PX} pixels, got many more"
        raise ReadError(msg) from error
    except Exception as error:
        if any(limit in str(error) for limit in _TEXT_LIMITS):
            msg = f"expected a {name} file of an image, got one with more than 1 MiB of text"
            raise ReadError(msg) from error
        hint = ", cut off" if "truncated" in str(error).lower() else ""
        msg = f"expected a whole {name} file, got a damaged one{hint} ({type(error).__name__})"
        raise ReadError(msg) from error


def _count_pages(image: Image.Image) -> int:
    for number in range(MOST_FRAMES + 1):
        try:
            image.seek(number)
        except EOFError:
            return number
    msg = f"expected a TIFF of at most {MOST_FRAMES} pages, got more"
    raise ReadError(msg)


def _to_grey(image: Image.Image) -> NDArray[np.generic]:
    if image.mode in _SIXTEEN_BIT_MODES:
        values = np.asarray(image).astype(np.float32)
        if values.min() < 0 or values.max() > _MAX_16_BIT:
            msg = f"expected values from 0 to 65535, got {values.min()} to {values.max()}"
            raise ReadError(msg)
        scaled: NDArray[np.float32] = values * np.float32(255.0 / _MAX_16_BIT)
        return scaled
    if image.mode == "F":
        msg = "expected whole numbers of 1, 8 or 16 bits a pixel, got floating point"
        raise ReadError(msg)
    if image.mode in {"1", "L", "LA"}:
        return np.asarray(image.convert("L"))
    return rgb_to_grey(np.asarray(image.convert("RGB")))


def _is_inverted(image: Image.Image) -> bool:
    """Tell a TIFF of 16 bits that counts from white; Pillow 13 inverts those of 8 bits itself."""
    tags: Mapping[int, object] = getattr(image, "tag_v2", {})
    return image.mode in _SIXTEEN_BIT_MODES and tags.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO
