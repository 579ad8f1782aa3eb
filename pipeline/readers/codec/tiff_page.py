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
from pipeline.readers.codec.upright import TURNED, turn_upright
from pipeline.readers.limits import MOST_FRAMES

_REDUCED, _TRANSPARENCY = 1, 4
"""Bits of *NewSubfileType* (254): a smaller copy of another page, and a mask of one."""
_OLD_REDUCED = 2
"""*SubfileType* (255), its predecessor, of a smaller copy."""
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_UNTOLD = -1
_LETTERS = {_UNSIGNED: "u", _SIGNED: "i", _FLOAT: "f"}
"""*SampleFormat* (339); others are undefined or complex numbers."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_COLOURS = {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, 5, _YCBCR, 8}
"""*PhotometricInterpretation* (262); 5 is CMYK, 8 is CIELab."""
_SEPARATED, _CMYK = 5, 1
"""*PhotometricInterpretation* of inks, and *InkSet* (332) of those that are known."""
_FULL_RANGE = (0, 255, 128, 255, 128, 255)
"""*ReferenceBlackWhite* (532) of YCbCr as JPEG has it, which is all that Pillow knows."""
_LARGEST_8_BIT = 255
_UNCOMPRESSED, _OLD_JPEG, _JPEG = 1, 6, 7
_COMPRESSIONS = {1, 2, 3, 4, 5, _OLD_JPEG, _JPEG, 8, 32773, 32946, 34925, 50000}
"""*Compression* (259) that libtiff in Pillow's wheels decodes."""
_BY_TIFFFILE = {_UNCOMPRESSED, 8, 32773, 32946}
"""Those that tifffile decodes by itself: none, Deflate, and PackBits."""


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
        is_planar: whether the samples lie in planes, one behind the other.
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

    Args:
        stream: of a TIFF.

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
            is_copy = _get(page, 254) & (_REDUCED | _TRANSPARENCY)
            is_copy = is_copy or _get(page, 255) == _OLD_REDUCED
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

    Args:
        stream: of a TIFF.
        page: of it.

    Returns:
        Upright: (H, W) as stored, of floating point as float32; or (H, W, channels) uint8 of grey
        and alpha, colour, or colour and alpha, where 0 is black.
    """
    with _open(stream) as tiff:
        stored = _load(tiff, page.number, page.offset)
        values = np.asarray(stored.asarray())
        if page.is_planar:
            values = np.moveaxis(values, 0, -1)
        values = turn_upright(values, _get(stored, 274, 1))
        if values.ndim > 2:
            values = (values >> (page.bits - 8)).astype(np.uint8)
            grey_or_colour = 3 if _get(stored, 262) == _RGB else 1
            has_alpha = bool({1, 2} & {*_get_all(stored, 338)[:1]})
            values = values[..., : grey_or_colour + has_alpha]
            if page.is_white_zero:
                values[..., 0] = 255 - values[..., 0]
            values = values[..., 0] if values.shape[-1] == 1 else values
        kept = np.float32 if values.dtype.kind == "f" else values.dtype.newbyteorder("=")
        return np.ascontiguousarray(values, kept)


def refuse_tiff(what: str) -> ReadError:
    """Name what is not read.

    Args:
        what: the kind of a page.
    """
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
    colour, samples = _get(page, 262, _BLACK_IS_ZERO), _get(page, 277, 1)
    compression, bits = _get(page, 259, _UNCOMPRESSED), _get_same(page, 258, 1)
    form = _get_same(page, 339, _UNSIGNED)
    kind = (
        f"{_name(tifffile.PHOTOMETRIC, colour)} of {samples} x {bits} bits, "
        f"sample format {_name(tifffile.SAMPLEFORMAT, form)}, "
        f"compression {_name(tifffile.COMPRESSION, compression)}"
    )
    is_thinned = colour == _YCBCR and compression != _JPEG
    if _get(page, 32997, 1) > 1 or _holds_others(page):
        raise refuse_tiff("a stack of images in one page")
    if page.tags.valueof(262) is None:
        raise refuse_tiff(
            "one that does not tell whether 0 is black (PhotometricInterpretation, 262)"
        )
    if colour not in _COLOURS or compression not in _COMPRESSIONS or form not in _LETTERS:
        raise refuse_tiff(kind)
    if is_thinned and compression != _OLD_JPEG and _get_all(page, 530) != (1, 1):
        raise refuse_tiff(f"{kind}, thinned-out chroma")
    if is_thinned and compression != _OLD_JPEG and not _is_full_range(page):
        raise refuse_tiff(f"{kind}, with black and white of its own (ReferenceBlackWhite, 532)")
    if colour == _SEPARATED and _get(page, 332, _CMYK) != _CMYK:
        raise refuse_tiff(f"{kind}, other inks than cyan, magenta, yellow and black (InkSet, 332)")
    by_pillow = _is_known_to_pillow(tiff, page, form, bits)
    if not by_pillow and not _is_known_to_tifffile(page, form, bits):
        raise refuse_tiff(kind + (", big-endian" if tiff.byteorder == ">" else ""))
    _check_extent(page, bits if len(_get_all(page, 258)) <= samples else 0)
    size = page.imagelength, page.imagewidth
    return TiffPage(
        number=page.index,
        offset=page.offset,
        size=size[::-1] if _get(page, 274, 1) in TURNED else size,
        bits=bits,
        dtype=np.dtype(f"{_LETTERS[form]}{-(-bits // 8)}"),
        is_white_zero=colour == _WHITE_IS_ZERO,
        is_planar=samples > 1 and _get(page, 284, 1) != 1,
        by_pillow=by_pillow,
        palette=_find_small_palette(page) if colour == _PALETTE else b"",
        kind=kind,
    )


def _check_extent(page: tifffile.TiffPage, bits: int) -> None:
    """Refuse a page whose strips or tiles are too few, or too short or long, for its size.

    Decoders leave the rest black, or take one depth for another.
    """
    rows, columns, samples = page.imagelength, page.imagewidth, _get(page, 277, 1)
    planes = samples if samples > 1 and _get(page, 284, 1) != 1 else 1
    tile_rows, tile_columns = _get(page, 323), _get(page, 322)
    if tile_rows and tile_columns:
        down, across = -(-rows // tile_rows), -(-columns // tile_columns)
        lines, width = down * tile_rows, across * tile_columns
    else:
        down, across = -(-rows // max(1, min(_get(page, 278, rows), rows))), 1
        lines, width = rows, columns
    told = sum(_get_all(page, 325 if tile_rows else 279))
    wanted = lines * across * planes * -(-width // across * (samples // planes) * bits // 8)
    is_plain = _get(page, 259, _UNCOMPRESSED) == _UNCOMPRESSED and _get(page, 262) != _YCBCR
    is_told = is_plain and bool(told)
    places = len(_get_all(page, 324 if tile_rows else 273))
    if places < down * across * planes or (is_told and not wanted <= told < 2 * max(1, wanted)):
        msg = (
            f"expected a whole TIFF file, got a damaged one: its {places} strips or tiles of "
            f"{told} bytes are not a picture of {rows} x {columns} px"
        )
        raise ReadError(msg)


def _is_known_to_pillow(
    tiff: tifffile.TiffFile, page: tifffile.TiffPage, form: int, bits: int
) -> bool:
    is_big_endian, samples = tiff.byteorder == ">", _get(page, 277, 1)
    is_planar = samples > 1 and _get(page, 284, 1) != 1
    is_white_zero = _get(page, 262) == _WHITE_IS_ZERO
    is_backwards = _get(page, 266, 1) != 1 and bits > 1
    if is_backwards or (is_big_endian and tiff.is_bigtiff):
        return False
    if samples > 1 and _get(page, 262) in (_WHITE_IS_ZERO, _BLACK_IS_ZERO):
        is_told = _get(page, 338, _UNTOLD) != _UNTOLD
        return samples == 2 and bits == 8 and is_told and not (is_planar or is_white_zero)
    if form == _SIGNED:
        return samples == 1 and bits in (16, 32) and not is_white_zero
    if form == _FLOAT:
        return samples == 1 and bits == 32 and not is_big_endian and not is_white_zero
    if bits == 16:
        return not is_planar and not (is_big_endian and is_white_zero)
    if bits in (12, 32):
        return samples == 1 and not is_big_endian and not is_white_zero
    return bits in (1, 2, 4, 8)


def _is_known_to_tifffile(page: tifffile.TiffPage, form: int, bits: int) -> bool:
    """Return whether tifffile reads it without imagecodecs, and what is read has one meaning."""
    colour, is_one = _get(page, 262), _get(page, 277, 1) == 1
    if _get(page, 259, 1) not in _BY_TIFFFILE:
        return False
    if colour not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        return False
    if form == _UNSIGNED and bits in (8, 16):
        return True
    depths = (16, 32, 64) if form == _FLOAT else (8, 16, 32)
    return is_one and colour == _BLACK_IS_ZERO and bits in depths


def _get(page: tifffile.TiffPage, code: int, default: int = 0) -> int:
    """Read the first value of a tag."""
    values = _get_all(page, code)
    return int(values[0]) if values else default


def _get_same(page: tifffile.TiffPage, code: int, default: int) -> int:
    """Read a tag that has a value for each sample; 0 if they differ."""
    values = set(_get_all(page, code)) or {default}
    return int(values.pop()) if len(values) == 1 else 0


def _get_all(page: tifffile.TiffPage, code: int) -> tuple[Any, ...]:
    value = page.tags.valueof(code)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _is_full_range(page: tifffile.TiffPage) -> bool:
    told = _get_all(page, 532)
    pairs = zip(told[::2], told[1::2], strict=False)
    return not told or tuple(top / (bottom or 1) for top, bottom in pairs) == _FULL_RANGE


def _find_small_palette(page: tifffile.TiffPage) -> bytes:
    colours = np.asarray(_get_all(page, 320), np.uint16)
    if not colours.size or colours.size % 3 or colours.max() > _LARGEST_8_BIT:
        return b""
    return bytes(colours.reshape(3, -1).T.astype(np.uint8).tobytes())


def _holds_others(page: tifffile.TiffPage) -> bool:
    """Return whether images follow a single page, of which only a description speaks.

    ImageJ writes so from 4 GB on, and tifffile if asked to.
    """
    text = page.description
    told = re.match(r"ImageJ=.*?^images=(\d+)", text, re.DOTALL | re.MULTILINE)
    is_stack = int(told[1]) > 1 if told else re.match(r'\{"shape": .*"truncated": true', text)
    return bool(is_stack) and not _read_next_offset(page.parent, page.offset)


def _name(kind: Any, value: int) -> str:
    try:
        return str(kind(value).name)
    except ValueError:
        return str(value)
