"""Which transfer syntaxes are read, and by what."""

from enum import Enum, auto

from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from pipeline.errors import ReadError


class Decoder(Enum):
    """What turns the pixel data into pixels."""

    PYDICOM = auto()
    """pydicom, or one of its plugins."""
    VIDEO = auto()
    """PyAV, which the extra ``video`` brings."""


_VIDEO_ROOT = "1.2.840.10008.1.2.4."
_VIDEO_NUMBERS = range(100, 109)
"""MPEG2 .100 and .101, MPEG-4 AVC/H.264 .102 to .106, HEVC/H.265 .107 and .108 (PS3.6 table A-1);
a ``.1`` after them says that a stream may be cut into fragments."""

_UNKNOWN_NAMES = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
}
"""Names of the standard that pydicom 3.0 does not know."""


def find_decoder(syntax: UID) -> Decoder:
    """Find what decodes a transfer syntax.

    Args:
        syntax: *Transfer Syntax UID* (0002,0010).

    Returns:
        The decoder.

    Raises:
        ReadError: there is none; the message names the syntax.
    """
    if is_video(syntax):
        return Decoder.VIDEO
    try:
        if get_decoder(syntax).is_available:
            return Decoder.PYDICOM
    except NotImplementedError:
        pass  # pydicom's answer for a syntax without a decoder
    msg = f"unsupported transfer syntax: {name_syntax(syntax)}"
    raise ReadError(msg)


def is_video(syntax: UID) -> bool:
    """Return whether all frames are one video stream."""
    number = syntax.removeprefix(_VIDEO_ROOT).removesuffix(".1")
    return syntax.startswith(_VIDEO_ROOT) and number in map(str, _VIDEO_NUMBERS)


def name_syntax(syntax: UID) -> str:
    """Name a syntax of the standard; another one is text that anybody may have written."""
    if syntax in _UNKNOWN_NAMES:
        return _UNKNOWN_NAMES[syntax]
    return syntax.name if syntax.name != syntax else "of no standard"
