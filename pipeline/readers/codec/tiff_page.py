"""The pages of a TIFF: which of them are pictures, and what their tags say of the pixels."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.errors import ReadError
from pipeline.readers.codec.tiff_checks import (
    check_extent,
    is_known_to_pillow,
    is_known_to_tifffile,
)
from pipeline.readers.codec.tiff_tags import (
    BLACK_IS_ZERO,
    CIELAB,
    FLOAT,
    PALETTE,
    RGB,
    SEPARATED,
    SIGNED,
    UNCOMPRESSED,
    UNSIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    get_same_tag,
    get_tag,
    get_tags,
)
from pipeline.readers.codec.upright import TURNED, turn_upright
from pipeline.readers.limits import MOST_FRAMES

_REDUCED, _TRANSPARENCY = 1, 4
"""Bits of *NewSubfileType* (254): a smaller copy of another page, and a mask of one."""
_OLD_REDUCED = 2
"""*SubfileType* (255), its predecessor, of a smaller copy."""
_LETTERS = {UNSIGNED: "u", SIGNED: "i", FLOAT: "f"}
"""By *SampleFormat*; others are undefined or complex numbers."""
_COLOURS = {WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR, CIELAB}
_CMYK = 1
"""*InkSet* (332) of inks that are known."""
_FULL_RANGE = (0, 255, 128, 255, 128, 255)
"""*ReferenceBlackWhite* (532) of YCbCr as JPEG has it, which is all that Pillow knows."""
_LARGEST_8_BIT = 255
_OLD_JPEG, _JPEG = 6, 7
_COMPRESSIONS = {UNCOMPRESSED, 2, 3, 4, 5, _OLD_JPEG, _JPEG, 8, 32773, 32946, 34925, 50000}
"""*Compression* that libtiff in Pillow's wheels decodes."""


@dataclass(frozen=True)
class TiffPage:
    """What the tags of one page say.

    Attributes:
        number: of the page in the file from 0, with pages that are no picture.
        offset: of its directory in the file, in bytes.
        size: rows and columns as they are seen, in px.
        bits: of a sample.
        dtype: type of the samples, of 8 bits or more.
        is_white_zero: whether grey values count from white.
        is_planar: whether the samples lie in planes, one after the other.
        by_pillow: whether Pillow reads it right; tifffile does otherwise.
        palette: red, green and blue of every index, where they are of 8 bits and not, as the
            standard wants it, of 16; libtiff, and so every viewer, sees it by their values.
        kind: what it is, in words.
    """

    number: int
    offset: int
    size: tuple[int, int]
    bits: int
    dtype: np.dtype[Any]
    is_white_zero: bool
    is_planar: bool
    by_pillow: bool
    palette: bytes
    kind: str


def list_tiff_pages(stream: BinaryIO) -> list[tuple[int, int]]:
    """List the pages that are pictures of their own.

    Smaller copies and transparency masks are none (*NewSubfileType*, 254), unless there is nothing
    else.

    Returns:
        Number from 0, and offset of the directory in bytes, of one page or more.

    Raises:
        ReadError: there are more than `MOST_FRAMES` pages, or smaller copies of a picture that is
            elsewhere in the file, or the list of pages is cut off.
    """
    found: list[tuple[int, int]] = []
    copies: list[tuple[int, int]] = []
    with _open(stream) as tiff:
        for page in _walk(tiff):
            is_copy = get_tag(page, 254) & (_REDUCED | _TRANSPARENCY)
            is_copy = is_copy or get_tag(page, 255) == _OLD_REDUCED
            (copies if is_copy else found).append((page.index, page.offset))
        if not found and tiff.pages.first.tags.get(330) is not None:
            msg = "expected a TIFF with a picture in its full size, got smaller copies alone"
            raise ReadError(msg)
    return found or copies[:1]


def read_tiff_page(stream: BinaryIO, number: int, offset: int) -> TiffPage:
    """Read the tags of a page, and check that its pixels can be read right.

    Args:
        stream: of a TIFF.
        number: of the page, see `list_tiff_pages`.
        offset: of its directory.

    Returns:
        What the tags say.

    Raises:
        ReadError: its pixels are of a kind that is not read, which the message names.
    """
    with _open(stream) as tiff:
        return _describe(tiff, _load(tiff, number, offset))


def decode_tiff_page(stream: BinaryIO, page: TiffPage) -> NDArray[Any]:
    """Decode a page that Pillow cannot read, by tifffile.

    Returns:
        Upright: (H, W) as stored, of floating point as float32; or (H, W, channels) uint8 of grey
        and alpha, colour, or colour and alpha, where 0 is black.
    """
    with _open(stream) as tiff:
        stored = _load(tiff, page.number, page.offset)
        values = np.asarray(stored.asarray())
        if page.is_planar:
            values = np.moveaxis(values, 0, -1)
        values = turn_upright(values, get_tag(stored, 274, 1))
        if values.ndim > 2:
            values = (values >> (page.bits - 8)).astype(np.uint8)
            grey_or_colour = 3 if get_tag(stored, 262) == RGB else 1
            has_alpha = bool({1, 2} & {*get_tags(stored, 338)[:1]})
            values = values[..., : grey_or_colour + has_alpha]
            if page.is_white_zero:
                values[..., 0] = 255 - values[..., 0]
            values = values[..., 0] if values.shape[-1] == 1 else values
        kept = np.float32 if values.dtype.kind == "f" else values.dtype.newbyteorder("=")
        return np.ascontiguousarray(values, kept)


def refuse_tiff(what: str) -> ReadError:
    """Name what is not read."""
    return ReadError(
        f"expected a TIFF of a kind that is read, got {what}: save it as 8-bit TIFF or PNG"
    )


def _open(stream: BinaryIO) -> tifffile.TiffFile:
    stream.seek(0)
    return tifffile.TiffFile(stream)


def _walk(tiff: tifffile.TiffFile) -> Iterator[tifffile.TiffPage]:
    """Give all pages; one that follows itself ends the list, as in every reader."""
    seen: set[int] = set()
    offset = tiff.pages.first.offset
    while offset and offset not in seen:
        if len(seen) == MOST_FRAMES:
            msg = f"expected a TIFF of at most {MOST_FRAMES} pages, got more"
            raise ReadError(msg)
        page = _load(tiff, len(seen), offset)
        seen.add(offset)
        yield page
        offset = _read_next_offset(tiff, offset)


def _load(tiff: tifffile.TiffFile, number: int, offset: int) -> tifffile.TiffPage:
    if not 0 < offset < tiff.filehandle.size:
        msg = "expected a whole TIFF file, got a damaged one, cut off before a page of it"
        raise ReadError(msg)
    tiff.filehandle.seek(offset)
    return tifffile.TiffPage(tiff, number)


def _read_next_offset(tiff: tifffile.TiffFile, offset: int) -> int:
    file, form = tiff.filehandle, tiff.tiff
    file.seek(offset)
    (count,) = struct.unpack(form.tagnoformat, file.read(form.tagnosize))
    file.seek(offset + form.tagnosize + count * form.tagsize)
    (following,) = struct.unpack(form.offsetformat, file.read(form.offsetsize))
    return int(following)


def _describe(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> TiffPage:
    colour, samples = get_tag(page, 262, BLACK_IS_ZERO), get_tag(page, 277, 1)
    compression, bits = get_tag(page, 259, UNCOMPRESSED), get_same_tag(page, 258, 1)
    form = get_same_tag(page, 339, UNSIGNED)
    kind = (
        f"{_name(tifffile.PHOTOMETRIC, colour)} of {samples} x {bits} bits, "
        f"sample format {_name(tifffile.SAMPLEFORMAT, form)}, "
        f"compression {_name(tifffile.COMPRESSION, compression)}"
    )
    is_thinned = colour == YCBCR and compression != _JPEG
    if get_tag(page, 32997, 1) > 1 or _holds_others(page):
        raise refuse_tiff("a stack of images in one page")
    if page.tags.valueof(262) is None:
        raise refuse_tiff(
            "one that does not say whether 0 is black (PhotometricInterpretation, 262)"
        )
    if colour not in _COLOURS or compression not in _COMPRESSIONS or form not in _LETTERS:
        raise refuse_tiff(kind)
    if is_thinned and compression != _OLD_JPEG and get_tags(page, 530) != (1, 1):
        raise refuse_tiff(f"{kind}, thinned-out chroma")
    if is_thinned and compression != _OLD_JPEG and not _is_full_range(page):
        raise refuse_tiff(f"{kind}, with black and white of its own (ReferenceBlackWhite, 532)")
    if colour == SEPARATED and get_tag(page, 332, _CMYK) != _CMYK:
        raise refuse_tiff(f"{kind}, other inks than cyan, magenta, yellow and black (InkSet, 332)")
    by_pillow = is_known_to_pillow(tiff, page, form, bits)
    if not by_pillow and not is_known_to_tifffile(page, form, bits):
        raise refuse_tiff(kind + (", big-endian" if tiff.byteorder == ">" else ""))
    check_extent(page, bits if len(get_tags(page, 258)) <= samples else 0)
    size = page.imagelength, page.imagewidth
    return TiffPage(
        number=page.index,
        offset=page.offset,
        size=size[::-1] if get_tag(page, 274, 1) in TURNED else size,
        bits=bits,
        dtype=np.dtype(f"{_LETTERS[form]}{-(-bits // 8)}"),
        is_white_zero=colour == WHITE_IS_ZERO,
        is_planar=samples > 1 and get_tag(page, 284, 1) != 1,
        by_pillow=by_pillow,
        palette=_find_small_palette(page) if colour == PALETTE else b"",
        kind=kind,
    )


def _is_full_range(page: tifffile.TiffPage) -> bool:
    stated = get_tags(page, 532)
    pairs = zip(stated[::2], stated[1::2], strict=False)
    return not stated or tuple(top / (bottom or 1) for top, bottom in pairs) == _FULL_RANGE


def _find_small_palette(page: tifffile.TiffPage) -> bytes:
    colours = np.asarray(get_tags(page, 320), np.uint16)
    if not colours.size or colours.size % 3 or colours.max() > _LARGEST_8_BIT:
        return b""
    return bytes(colours.reshape(3, -1).T.astype(np.uint8).tobytes())


def _holds_others(page: tifffile.TiffPage) -> bool:
    """Return whether images follow a single page, that only its description mentions.

    ImageJ writes so from 4 GB on, and tifffile if asked to.
    """
    text = page.description
    found = re.match(r"ImageJ=.*?^images=(\d+)", text, re.DOTALL | re.MULTILINE)
    is_stack = int(found[1]) > 1 if found else re.match(r'\{"shape": .*"truncated": true', text)
    return bool(is_stack) and not _read_next_offset(page.parent, page.offset)


def _name(kind: Any, value: int) -> str:
    try:
        return str(kind(value).name)
    except ValueError:
        return str(value)
