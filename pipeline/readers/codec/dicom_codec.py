"""One compressed frame of a DICOM file through Pillow or pydicom, for the process that decodes."""

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSTransferSyntaxes,
    RLELossless,
)
from rle.rle import decode_segment

from pipeline.errors import ReadError
from pipeline.readers.codec.jpeg_end import check_last_block
from pipeline.readers.codec.quiet import quiet_decoders

_PLUGINS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(JPEGLSTransferSyntaxes, ("pyjpegls", "gdcm")),
    **dict.fromkeys(JPEG2000TransferSyntaxes, ("gdcm", "pylibjpeg", "pillow")),
}
"""Plugins of pydicom, the fastest that is right first; HTJ2K is among JPEG 2000."""
_OTHER_PLUGINS = ("gdcm", "pylibjpeg")
_DCT_SYNTAXES = (JPEGBaseline8Bit, JPEGExtended12Bit)

_RLE_PADDING = 2
"""Bytes that decoding makes of the padding of a segment to an even length."""

_START_OF_IMAGE, _END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
_SEARCHED_BYTES = 10
"""Where the end of image is, as padding may follow."""
_START_OF_TILE_PART = b"\xff\x90\x00\x0a"
_TAILS: tuple[bytes, ...] = (b"", bytes(range(1, 97)))
"""What may follow a stream without its end, and must not be seen in the pixels."""
_DCT_FRAMES = (0xC0, 0xC1, 0xC2)
"""SOF0 to SOF2 of JPEG: baseline, extended and progressive, with Huffman codes."""
_DCT_PRECISIONS, _PILLOW_PRECISION = (8, 12), 8
_START_OF_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _JFIF, _ADOBE = 0xDA, 0xE0, 0xEE
_NOT_PIXELS = {*range(0xE0, 0xF0), 0xFE}
"""APP0 to APP15 and COM."""
_ADOBE_YBR = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01"
"""Makes libjpeg take the components for Y, Cb, Cr, so that it leaves them if these are wanted."""


def decode_dicom_frame(
    arguments: Mapping[str, Any], payload: bytes
) -> tuple[dict[str, Any], NDArray[np.generic]]:
    """Decode one frame, and leave its colours as they are stored.

    The stream of a JPEG in three components says what they are, by the names of the components,
    then JFIF and Adobe markers, then sampling, and *Photometric Interpretation* (0028,0004) counts
    only if it does not. pydicom 3.0 calls them something else if there is an Adobe marker.

    Args:
        arguments: ``transfer_syntax``, a UID, ``rows``, ``columns``, ``samples_per_pixel``,
            ``photometric_interpretation``, ``bits_allocated``, ``bits_stored``,
            ``pixel_representation`` and ``planar_configuration``, as the attributes of the Image
            Pixel module.
        payload: the stream.

    Returns:
        ``photometric_interpretation`` of the array, and the array (H, W), or (H, W, 3) in RGB or
        YBR: integers as stored, signed if the header says so.

    Raises:
        ReadError: no decoder reads the stream.
    """
    options = dict(arguments)
    syntax = UID(options.pop("transfer_syntax"))
    with quiet_decoders():
        photometric, pixels = _decode(syntax, options, payload)
    return {"photometric_interpretation": photometric}, pixels


def _decode(
    syntax: UID, options: Mapping[str, Any], stream: bytes
) -> tuple[str, NDArray[np.generic]]:
    if syntax == RLELossless:
        return str(options["photometric_interpretation"]), _decode_rle(options, stream)
    if _END_OF_IMAGE in stream[-_SEARCHED_BYTES:]:
        return _decode_whole(syntax, options, stream)
    return _decode_without_end(syntax, options, stream)


def _decode_without_end(
    syntax: UID, options: Mapping[str, Any], stream: bytes
) -> tuple[str, NDArray[np.generic]]:
    """Decode a stream that lacks its end of image, and nothing else.

    Decoders fill up what is missing. So the pixels must not depend on what follows the stream:
    after a whole image nothing is read.
    """
    bare = stream.removesuffix(b"\xff")
    tails = _TAILS
    if syntax in JPEG2000TransferSyntaxes:
        bare, tails = stream[: _find_end_of_tiles(stream)], _TAILS[:1]
    elif syntax in JPEGLSTransferSyntaxes:  # its decoders check the length
        tails = _TAILS[:1]
    decoded = []
    for tail in tails if bare else ():
        with suppress(ReadError, OSError):
            decoded.append(_decode_whole(syntax, options, bare + tail + _END_OF_IMAGE))
    is_whole = bool(decoded) and len(decoded) == len(tails)
    if not is_whole or not all(np.array_equal(decoded[0][1], other) for _, other in decoded):
        msg = f"expected a whole frame in {syntax.name}, got one that is cut off"
        raise ReadError(msg)
    return decoded[0]


def _find_end_of_tiles(stream: bytes) -> int:
    """Follow the lengths of tile-parts (ISO 15444-1, A.4.2); 0 if more or less is there."""
    at = stream.find(_START_OF_TILE_PART)
    while at >= 0 and stream.startswith(_START_OF_TILE_PART, at):
        length = int.from_bytes(stream[at + 6 : at + 10], "big")
        if not length:
            return 0
        at += length
    rest = stream[at:]
    is_end = 0 < at <= len(stream) and len(rest) <= 2 and not rest.strip(b"\xff\0")
    return at if is_end else 0


def _decode_whole(
    syntax: UID, options: Mapping[str, Any], stream: bytes
) -> tuple[str, NDArray[np.generic]]:
    if syntax not in _DCT_SYNTAXES:
        return _decode_by_plugins(syntax, options, stream)
    # What Pillow does not know is left to GDCM, but not what is damaged.
    with suppress(NotImplementedError, IndexError, UnidentifiedImageError):
        return _decode_jpeg(options, stream)
    # GDCM 3.2 cuts off what is beyond Bits Stored, which may be too few in a header.
    depth = {"bits_stored": options["bits_allocated"], "correct_unused_bits": False}
    return _decode_by_plugins(syntax, {**options, **depth}, stream)


def _decode_rle(options: Mapping[str, Any], stream: bytes) -> NDArray[np.generic]:
    """Decode the segments, which are bytes of all pixels, the highest first (PS3.5 section G.2).

    pydicom and its plugins cut what is too long, so that another picture comes out.
    """
    rows, columns, samples = (options[key] for key in ("rows", "columns", "samples_per_pixel"))
    allocated, pixels = int(options["bits_allocated"]), rows * columns
    width = allocated // 8
    header = [int.from_bytes(stream[at : at + 4], "little") for at in range(0, 64, 4)]
    bounds = [*header[1 : 1 + header[0]], len(stream)]
    planes = []
    for start, end in pairwise(bounds):
        try:
            plane = np.frombuffer(decode_segment(stream[start:end]), np.uint8)
        except ValueError as error:
            msg = "expected a segment of a frame in RLE, got one that cannot be decoded"
            raise ReadError(msg) from error
        if not pixels <= plane.size <= pixels + _RLE_PADDING:
            msg = f"expected a segment of {pixels} px in a frame of RLE, got {plane.size}"
            raise ReadError(msg)
        planes.append(plane[:pixels])
    # Of two bytes the low one comes second, and first in memory.
    planes = [
        plane for first in range(0, len(planes), width) for plane in planes[first:][:width][::-1]
    ]
    stored = planes[0] if len(planes) == 1 else np.stack(planes, axis=-1)
    values = stored.reshape(-1).view(f"<{'i' if options['pixel_representation'] else 'u'}{width}")
    unused = allocated - int(options["bits_stored"])
    if unused:
        values = values << unused >> unused
    return values.reshape((rows, columns) if samples == 1 else (rows, columns, samples))


def _decode_by_plugins(
    syntax: UID, options: Mapping[str, Any], stream: bytes
) -> tuple[str, NDArray[np.generic]]:
    """Try one plugin of pydicom after the other."""
    # GDCM decodes 12 bits right, but pydicom refuses to ask it under the name of their own syntax.
    decoder = get_decoder(JPEGBaseline8Bit if syntax == JPEGExtended12Bit else syntax)
    reason = "no plugin"
    keywords: dict[str, Any] = {**options, "number_of_frames": 1, "pixel_keyword": "PixelData"}
    for plugin in _PLUGINS.get(syntax, _OTHER_PLUGINS):
        if plugin not in decoder.available_plugins:
            continue
        try:
            pixels, meta = decoder.as_array(
                encapsulate([stream]), index=0, raw=True, decoding_plugin=plugin, **keywords
            )
        except MemoryError:
            raise
        except Exception as error:
            reason = type(error).__name__
        else:
            return str(meta["photometric_interpretation"]), pixels
    # What decoders say may quote the header, so it is left out.
    msg = (
        f"expected a whole frame in {syntax.name}, got one that no decoder reads ({reason}): it is "
        "damaged, or has fewer pixels than it claims; export it again"
    )
    raise ReadError(msg)


class _Jpeg(NamedTuple):
    """What a stream says about itself.

    Attributes:
        frame: marker of its kind, SOF0 to SOF15.
        precision: bits of a sample.
        size: rows and columns.
        components: how many samples a pixel has.
        is_ybr: what three components are, `None` if it does not say.
        bare: the stream without application data, and with the marker for YBR.
    """

    frame: int
    precision: int
    size: tuple[int, int]
    components: int
    is_ybr: bool | None
    bare: bytes


def _decode_jpeg(options: Mapping[str, Any], stream: bytes) -> tuple[str, NDArray[np.uint8]]:
    """Decode 8 bits by Pillow; the components of a colour image are not touched."""
    jpeg = _parse_jpeg(stream)
    if jpeg.frame in _DCT_FRAMES and jpeg.precision not in _DCT_PRECISIONS:
        msg = f"expected a JPEG of 8 or 12 bits, got one of {jpeg.precision}"  # GDCM decodes others
        raise ReadError(msg)
    if jpeg.frame not in _DCT_FRAMES or jpeg.precision != _PILLOW_PRECISION:
        msg = "expected a JPEG of 8 bits in discrete cosines and Huffman codes, got another"
        raise NotImplementedError(msg)
    shape = (options["rows"], options["columns"], options["samples_per_pixel"])
    if shape != (*jpeg.size, jpeg.components):
        msg = f"expected a stream of {shape} rows, columns and samples, got another"
        raise ReadError(msg)
    photometric = str(options["photometric_interpretation"])
    if jpeg.components == 3:
        stored = "YBR_FULL" if photometric == "RGB" else photometric
        photometric = {True: stored, False: "RGB", None: photometric}[jpeg.is_ybr]
    values = _decode_by_pillow(jpeg.bare)
    end = jpeg.bare.rfind(_END_OF_IMAGE)
    check_last_block(values, jpeg.bare, end, _decode_by_pillow)
    return photometric, values


def _decode_by_pillow(stream: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(stream), formats=["JPEG"]) as image:
        image.draft("YCbCr", None)
        return np.asarray(image)


def _parse_jpeg(stream: bytes) -> _Jpeg:
    """Read the segments before the first scan (ISO 10918-1, annex B; Adobe's note 5116)."""
    is_ybr, frame, kept = None, b"", [_START_OF_IMAGE, _ADOBE_YBR]
    has_jfif = False
    for marker, segment in _split_segments(stream):
        if marker not in _NOT_PIXELS:
            kept.append(segment)
        if marker in _START_OF_FRAMES:
            frame = segment
        elif marker == _JFIF and segment[4:8] == b"JFIF":
            has_jfif = True
        elif marker == _ADOBE and segment[4:9] == b"Adobe":
            is_ybr = segment[15] != 0
    components = [frame[at : at + 3] for at in range(10, len(frame), 3)]
    names = bytes(component[0] for component in components)
    if names in (b"RGB", b"rgb"):
        is_ybr = False
    elif has_jfif:
        is_ybr = True
    elif is_ybr is None and len({component[1] for component in components}) > 1:
        is_ybr = True  # nobody thins out the samples of R, G or B
    size = int.from_bytes(frame[5:7], "big"), int.from_bytes(frame[7:9], "big")
    return _Jpeg(frame[1], frame[4], size, frame[9], is_ybr, b"".join(kept))


def _split_segments(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Give markers and their segments; the last is all from the first scan on."""
    position = len(_START_OF_IMAGE)
    while stream[position] == 0xFF and stream[position + 1] != _START_OF_SCAN:
        if stream[position + 1] == 0xFF:  # a fill byte
            position += 1
            continue
        end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
        yield stream[position + 1], stream[position:end]
        position = end
    yield _START_OF_SCAN, stream[position:]
