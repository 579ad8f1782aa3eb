"""PNG, JPEG, BMP and TIFF, for the process that decodes; the one way from such a file to pixels."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from pipeline.errors import ReadError
from pipeline.readers.codec.jpeg_end import NO_END, has_jpeg_end, read_jpeg
from pipeline.readers.codec.packed_picture import pack_picture
from pipeline.readers.codec.png_chunks import check_png_rows, drop_damaged_chunks
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.codec.upright import TURNED, turn_upright
from pipeline.readers.find_coloured import find_coloured
from pipeline.readers.image_source import check_size, rgb_to_grey, to_grey_image
from pipeline.readers.limits import LARGE_IMAGE_PX, LARGEST_IMAGE_PX

_WHITE, _WHITE_16_BIT = 255, 65535
_DEEP_MODES = {"I;16", "I;16L", "I;16B", "I;16N", "I", "F"}
_GREY_MODES = {"1", "L", "LA", "La"}
_TEXT_LIMITS = ("MAX_TEXT_CHUNK", "MAX_TEXT_MEMORY")
_JPEG_FRAMES = {0xF7, *range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG whose segment gives the depth of its samples; 0xF7 is JPEG-LS."""
_JPEG_HUFFMAN_DCT = (0xC0, 0xC1, 0xC2)
_SEARCHED_BYTES = 1 << 20


@dataclass(frozen=True)
class _Pixels:
    """(H, W) or (H, W, channels) upright, the value of white, and whether values count from it."""

    values: NDArray[Any]
    white: int = _WHITE
    is_inverted: bool = False


def read_raster_header(
    arguments: Mapping[str, Any], payload: bytes = b""
) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Find the pages of a file; no pixels are decoded.

    Args:
        arguments: ``path`` of the file, and ``format``, Pillow's name of the only one that is
            tried.
        payload: content of the file, if there is no ``path``.

    Returns:
        ``pages``, of each its number and place in the file, a single one unless it is a TIFF;
        ``size``, rows and columns of the first page as it is decoded; ``remarks``, what is odd in
        the file; and an empty array.

    Raises:
        ReadError: the header cannot be parsed, the first page is too large to be an image or of a
            kind that is not read, or there are more than `MOST_FRAMES`.
    """
    remarks: list[str] = []
    with _open(arguments, payload) as stream:
        if arguments["format"] == "TIFF":
            from pipeline.readers.codec.tiff_page import list_tiff_pages, read_tiff_page

            pages = list_tiff_pages(stream)
            first = read_tiff_page(stream, *pages[0])
            _check_type(first.dtype)
            size = first.size
            check_size(*size)
        else:
            pages = [(0, 0)]
            if arguments["format"] == "JPEG" and not has_jpeg_end(stream.read()):
                remarks.append(NO_END)
            with _open_picture(arguments["format"], stream) as image:
                is_turned = _read_orientation(image) in TURNED
                size = (image.width, image.height) if is_turned else (image.height, image.width)
    return {"pages": pages, "size": size, "remarks": remarks}, np.empty(0, np.uint8)


def decode_raster(
    arguments: Mapping[str, Any], payload: bytes = b""
) -> tuple[dict[str, Any], NDArray[np.generic]]:
    """Decode one page to grey.

    Alpha is ignored, colour becomes luma, 1-bit becomes 0 or 255, 12 and 16 bits are scaled so
    that the greatest value is 255, and the orientation is applied.

    Args:
        arguments: as of `read_raster_header`, and ``page``, one of those that it returns.
        payload: as of `read_raster_header`.

    Returns:
        Nothing else, and what `pack_picture` makes of grey values, 0 to 255, and of what is
        coloured: float32 of more than 8 bits, else uint8, as of more than `LARGE_IMAGE_PX`.

    Raises:
        ReadError: the page is damaged or too large, or of a kind that is not read.
    """
    with _open(arguments, payload) as stream:
        pixels = _decode(arguments["format"], stream, arguments["page"], has_alpha=False)
        grey = _to_grey(pixels)
        grey = to_grey_image(grey) if grey.size > LARGE_IMAGE_PX else grey
        has_colour = pixels.values.ndim == 3 and pixels.values.shape[2] > 2
        coloured = find_coloured(pixels.values[..., :3]) if has_colour else None
        return {}, pack_picture(grey, coloured)


def decode_raster_pixels(
    arguments: Mapping[str, Any], payload: bytes = b""
) -> tuple[dict[str, Any], NDArray[np.generic]]:
    """Decode the first page as it is, upright.

    Args:
        arguments: as of `read_raster_header`.
        payload: as of `read_raster_header`.

    Returns:
        ``pages``, the number of pages or of pictures of an animation, and the values (H, W), or
        (H, W, channels) of grey and alpha, colour, or colour and alpha. Black is 0 and palettes
        are looked up; grey values have the type that they are stored in, all others are uint8.

    Raises:
        ReadError: as of `decode_raster`.
    """
    name = arguments["format"]
    with _open(arguments, payload) as stream:
        if name == "TIFF":
            from pipeline.readers.codec.tiff_page import list_tiff_pages

            found = list_tiff_pages(stream)
            page, count = found[0], len(found)
        else:
            page = (0, 0)
            with _open_picture(name, stream) as image:
                count = getattr(image, "n_frames", 1) if name == "PNG" else 1
        pixels = _decode(name, stream, page, has_alpha=True)
        values = pixels.white - pixels.values if pixels.is_inverted else pixels.values
        return {"pages": count}, values


@contextmanager
def _open(arguments: Mapping[str, Any], payload: bytes) -> Iterator[BinaryIO]:
    """Open the file; whatever is raised until it is closed becomes a `ReadError`.

    Messages and warnings of decoders may quote the file, so only the type of an error is shown.
    """
    name = arguments["format"]
    try:
        with quiet_decoders(), _open_stream(arguments, payload) as stream:
            yield drop_damaged_chunks(stream) if name == "PNG" else stream
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
        if str(error).startswith("Unsupported"):
            msg = f"expected a {name} file of a kind that is read, got another: save it as PNG"
            raise ReadError(msg) from error
        hint = ", cut off" if "truncated" in str(error).lower() else ""
        msg = f"expected a whole {name} file, got a damaged one{hint} ({type(error).__name__})"
        raise ReadError(msg) from error


def _open_stream(arguments: Mapping[str, Any], payload: bytes) -> BinaryIO:
    if "path" not in arguments:
        return io.BytesIO(payload)
    path = Path(arguments["path"])
    if path.exists() and not path.is_file():  # opening a FIFO would wait for ever
        msg = "expected a regular file, got something else"
        raise ReadError(msg)
    return path.open("rb")


@contextmanager
def _open_picture(name: str, stream: BinaryIO, kind: str = "") -> Iterator[Image.Image]:
    """Open by Pillow, from a stream: what it maps by its path is mixed up if it is turned."""
    stream.seek(0)
    try:
        image = Image.open(stream, formats=[name])
    except UnidentifiedImageError:
        if name == "JPEG":
            _refuse_jpeg(stream)
        if name == "TIFF":
            from pipeline.readers.codec.tiff_page import refuse_tiff

            raise refuse_tiff(kind) from None
        raise
    with image:
        check_size(image.height, image.width)
        yield image


def _decode(name: str, stream: BinaryIO, place: tuple[int, int], *, has_alpha: bool) -> _Pixels:
    if name == "JPEG":
        return _Pixels(
            read_jpeg(stream, lambda file: _decode_picture(name, file, has_alpha=has_alpha).values)
        )
    if name != "TIFF":
        return _decode_picture(name, stream, has_alpha=has_alpha)

    from pipeline.readers.codec.tiff_page import decode_tiff_page, read_tiff_page

    page = read_tiff_page(stream, *place)
    check_size(*page.size)
    if not page.by_pillow:
        values = decode_tiff_page(stream, page)
        is_deep = values.ndim == 2 and values.dtype != np.uint8
        white = _WHITE_16_BIT if is_deep else _WHITE
        return _Pixels(values, white, page.is_white_zero and values.ndim == 2)
    with _open_picture(name, stream, page.kind) as image:
        image.seek(page.number)
        image.info.pop("xmp", None)  # an orientation there is not that of the page
        if page.palette:
            image.load()
            image.putpalette(page.palette)
        is_deep = image.mode in _DEEP_MODES
        white = ((1 << page.bits) - 1 if page.bits == 12 else _WHITE_16_BIT) if is_deep else _WHITE
        # Pillow inverts what has 8 bits or less itself, and turns the page when it decodes.
        return _Pixels(_to_array(image, has_alpha=has_alpha), white, is_deep and page.is_white_zero)


def _decode_picture(name: str, stream: BinaryIO, *, has_alpha: bool = False) -> _Pixels:
    if name == "PNG":
        check_png_rows(stream)
    with _open_picture(name, stream) as image:
        orientation = _read_orientation(image)
        values = turn_upright(_to_array(image, has_alpha=has_alpha), orientation)
        return _Pixels(values, _WHITE_16_BIT if image.mode in _DEEP_MODES else _WHITE)


def _read_orientation(image: Image.Image) -> int:
    if image.format == "PNG":
        image.load()  # it may come after the pixels
    # Not `getexif`, which takes what XMP and texts say as well, unlike other viewers.
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        return int(exif.get(ExifTags.Base.Orientation, 1))
    except Exception:  # viewers show a picture whose EXIF is damaged as it is stored
        return 1


def _to_array(image: Image.Image, *, has_alpha: bool) -> NDArray[Any]:
    if image.mode in _DEEP_MODES:
        return np.asarray(image)
    is_transparent = has_alpha and image.has_transparency_data
    if image.mode in _GREY_MODES:
        kept = image.convert("LA") if image.mode == "La" or is_transparent else image
        return np.asarray(kept if is_transparent else kept.convert("L"))
    return np.asarray(image.convert("RGBA" if is_transparent else "RGB"))


def _to_grey(pixels: _Pixels) -> NDArray[np.generic]:
    values = pixels.values
    if values.ndim == 3:
        rgb = values.shape[2] > 2
        values = rgb_to_grey(np.ascontiguousarray(values[..., :3])) if rgb else values[..., 0]
    if values.dtype == np.uint8:
        return 255 - values if pixels.is_inverted else values
    _check_type(values.dtype)
    if values.min() < 0 or values.max() > pixels.white:
        got = f"{values.min()} to {values.max()}"
        msg = f"expected values from 0 to {pixels.white}, got {got}"
        raise ReadError(msg)
    scaled: NDArray[np.float32] = values.astype(np.float32) * np.float32(_WHITE / pixels.white)
    return _WHITE - scaled if pixels.is_inverted else scaled


def _check_type(dtype: np.dtype[Any]) -> None:
    """Refuse types whose black and white nobody knows."""
    if dtype.kind == "f" or dtype == np.int8:
        kind = "floating point" if dtype.kind == "f" else "signed ones of 8 bits"
        msg = f"expected whole numbers of 1 to 16 bits a pixel, from 0 on, got {kind}"
        raise ReadError(msg)


def _refuse_jpeg(stream: BinaryIO) -> None:
    """Name a JPEG that Pillow does not know, if it is sound."""
    stream.seek(2)
    while (head := stream.read(4))[:1] == b"\xff" and stream.tell() < _SEARCHED_BYTES:
        if head[1] in _JPEG_FRAMES:
            bits = stream.read(1)[0]
            if bits != 8 or head[1] not in _JPEG_HUFFMAN_DCT:
                kind = (
                    "in discrete cosines" if head[1] in _JPEG_HUFFMAN_DCT else "of another coding"
                )
                msg = (
                    f"expected a JPEG of 8 bits in discrete cosines, got one of {bits} bits {kind}"
                )
                raise ReadError(msg)
            return
        stream.seek(int.from_bytes(head[2:], "big") - 2, io.SEEK_CUR)
