"""Every orientation in every container and layout."""

import struct
from collections.abc import Iterator

import numpy as np
from dicom_kinds.member import Member
from PIL import Image

from raster_kinds.picture import BLACK_AND_WHITE, GREY, LOSS, STORED, member, save, tiff

_IN_TIFF, _IN_EXIF = "orientation in TIFF, by layout", "orientation in EXIF"
_XMP = (
    b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description tiff:Orientation="6" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/"/></rdf:RDF></x:xmpmeta>'
)


def list_orientations() -> list[Member]:
    """List them."""
    turned = [each for number in range(1, 9) for each in _turn(number)]
    return [*turned, *_list_others()]


def _turn(number: int) -> Iterator[Member]:
    stored = np.ascontiguousarray(STORED[number])
    deep, colour = stored.astype(np.uint16) * 257, np.dstack([stored] * 3)
    grey, palette = Image.fromarray(stored), Image.fromarray(stored).convert("P")
    opaque = np.dstack([colour, np.full_like(stored, 255)])
    tag = {"tiffinfo": {274: number}}
    layouts = {
        "strips": tiff(stored, number, rowsperstrip=7),
        "tiles": tiff(stored, number, tile=(32, 32)),
        "Deflate, predicted": tiff(stored, number, compression="zlib", predictor=True),
        "16 bits": tiff(deep, number),
        "16 bits, LZW, big-endian": tiff(deep, number, byteorder=">", compression="lzw"),
        "planes": tiff(np.moveaxis(colour, -1, 0), number, planarconfig="separate"),
        "white is 0": tiff(255 - stored, number, photometric="miniswhite"),
        "BigTIFF, big-endian": tiff(stored, number, bigtiff=True, byteorder=">"),
        "alpha": tiff(opaque, number, extrasamples=["unassalpha"]),
        "palette": save(palette, "TIFF", **tag),
    }
    for name, content in layouts.items():
        yield member(_IN_TIFF, f"{number}, {name}", content)
    jpeg = save(grey, "TIFF", compression="jpeg", quality=95, **tag)
    yield member(_IN_TIFF, f"{number}, JPEG", jpeg, tolerance=LOSS)
    fax = save(Image.fromarray(stored > 127), "TIFF", compression="group4", **tag)
    yield member(_IN_TIFF, f"{number}, fax", fax, BLACK_AND_WHITE)
    exif = Image.Exif()
    exif[274] = number
    big = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, number, 0, 0)
    jpegs = {
        "JPEG": save(grey, "JPEG", quality=95, exif=exif),
        "progressive JPEG": save(grey, "JPEG", quality=95, progressive=True, exif=exif),
        "JPEG, big-endian": save(grey, "JPEG", quality=95, exif=big),
        "CMYK JPEG": save(Image.fromarray(colour).convert("CMYK"), "JPEG", quality=95, exif=exif),
    }
    for name, content in jpegs.items():
        yield member(_IN_EXIF, f"{number}, {name}", content, tolerance=LOSS)
    for name, image in (("PNG", grey), ("PNG, palette", palette)):
        yield member(_IN_EXIF, f"{number}, {name}", save(image, "PNG", exif=exif))
    yield member(_IN_EXIF, f"{number}, PNG of 16 bits", save(deep, "PNG", exif=exif))


def _list_others() -> Iterator[Member]:
    jpeg = save(GREY, "JPEG", quality=95)
    xmp = b"\xff\xe1" + struct.pack(">H", len(_XMP) + 2) + _XMP
    yield member(_IN_EXIF, "in XMP alone", jpeg[:2] + xmp + jpeg[2:], tolerance=LOSS)
    thumbnail = struct.pack("<IHIHHHIHHI", 8, 0, 14, 1, 274, 3, 1, 6, 0, 0)
    exif = b"Exif\0\0II*\0" + thumbnail
    of_thumbnail = save(GREY, "JPEG", quality=95, exif=exif)
    yield member(_IN_EXIF, "of the thumbnail", of_thumbnail, tolerance=LOSS)
    for number in (0, 9):
        exif_of_none = Image.Exif()
        exif_of_none[274] = number
        yield member(_IN_TIFF, f"{number}", tiff(GREY, number))
        yield member(_IN_EXIF, f"{number}, PNG", save(GREY, "PNG", exif=exif_of_none))
