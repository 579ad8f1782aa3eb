"""Whether the pixels of a page of a TIFF can be read right, and by which library."""

import tifffile

from pipeline.errors import ReadError
from pipeline.readers.codec.tiff_tags import (
    BLACK_IS_ZERO,
    FLOAT,
    RGB,
    SIGNED,
    UNCOMPRESSED,
    UNSIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    get_tag,
    get_tags,
)

_MISSING = -1
_BY_TIFFFILE = {UNCOMPRESSED, 8, 32773, 32946}
"""*Compression* (259) that tifffile decodes by itself: none, Deflate, and PackBits."""


def is_known_to_pillow(
    tiff: tifffile.TiffFile, page: tifffile.TiffPage, form: int, bits: int
) -> bool:
    """Return whether Pillow reads the pixels of a page right.

    Args:
        tiff: the file.
        page: of it.
        form: *SampleFormat* (339).
        bits: of a sample.
    """
    is_big_endian, samples = tiff.byteorder == ">", get_tag(page, 277, 1)
    is_planar = samples > 1 and get_tag(page, 284, 1) != 1
    is_white_zero = get_tag(page, 262) == WHITE_IS_ZERO
    is_backwards = get_tag(page, 266, 1) != 1 and bits > 1
    if is_backwards or (is_big_endian and tiff.is_bigtiff):
        return False
    if samples > 1 and get_tag(page, 262) in (WHITE_IS_ZERO, BLACK_IS_ZERO):
        is_stated = get_tag(page, 338, _MISSING) != _MISSING
        return samples == 2 and bits == 8 and is_stated and not (is_planar or is_white_zero)
    if form == SIGNED:
        return samples == 1 and bits in (16, 32) and not is_white_zero
    if form == FLOAT:
        return samples == 1 and bits == 32 and not is_big_endian and not is_white_zero
    if bits == 16:
        return not is_planar and not (is_big_endian and is_white_zero)
    if bits in (12, 32):
        return samples == 1 and not is_big_endian and not is_white_zero
    return bits in (1, 2, 4, 8)


def is_known_to_tifffile(page: tifffile.TiffPage, form: int, bits: int) -> bool:
    """Return whether tifffile reads it without imagecodecs, and what is read has one meaning."""
    colour, is_one = get_tag(page, 262), get_tag(page, 277, 1) == 1
    if get_tag(page, 259, 1) not in _BY_TIFFFILE:
        return False
    if colour not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
        return False
    if form == UNSIGNED and bits in (8, 16):
        return True
    depths = (16, 32, 64) if form == FLOAT else (8, 16, 32)
    return is_one and colour == BLACK_IS_ZERO and bits in depths


def check_extent(page: tifffile.TiffPage, bits: int) -> None:
    """Refuse a page whose strips or tiles are too few, or too short or long, for its size.

    Decoders leave the rest black, or take one depth for another.
    """
    rows, columns, samples = page.imagelength, page.imagewidth, get_tag(page, 277, 1)
    planes = samples if samples > 1 and get_tag(page, 284, 1) != 1 else 1
    tile_rows, tile_columns = get_tag(page, 323), get_tag(page, 322)
    if tile_rows and tile_columns:
        down, across = -(-rows // tile_rows), -(-columns // tile_columns)
        lines, width = down * tile_rows, across * tile_columns
    else:
        down, across = -(-rows // max(1, min(get_tag(page, 278, rows), rows))), 1
        lines, width = rows, columns
    stated = sum(get_tags(page, 325 if tile_rows else 279))
    wanted = lines * across * planes * -(-width // across * (samples // planes) * bits // 8)
    is_plain = get_tag(page, 259, UNCOMPRESSED) == UNCOMPRESSED and get_tag(page, 262) != YCBCR
    is_stated = is_plain and bool(stated)
    places = len(get_tags(page, 324 if tile_rows else 273))
    if places < down * across * planes or (is_stated and not wanted <= stated < 2 * max(1, wanted)):
        msg = (
            f"expected a whole TIFF file, got a damaged one: its {places} strips or tiles of "
            f"{stated} bytes are not a picture of {rows} x {columns} px"
        )
        raise ReadError(msg)
