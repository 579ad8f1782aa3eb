"""DICOM files whose pixels are cut off, damaged, or other than the header says."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from bad_files.bad_file import IMAGE, SECRET, BadFile, Expected
from bad_files.dicom_bytes import (
    UNDEFINED_LENGTH,
    Change,
    find_element,
    make_bad,
    make_compressed,
    make_dataset,
    set_pixel_length,
    setting,
    to_bytes,
)
from pipeline.phantom.phantom_dicom import DicomKind

CUT_OFF = "ends too early|cut off"
NOT_TOLD = "as its header says, got"
NO_END = "lacks the end of the compressed frames"
SMALLER, LARGER = IMAGE[:32, :48], np.tile(IMAGE, (2, 2))
FLIPPED_BYTES = 50

Edit = Callable[[bytes, random.Random], bytes]
"""From a compressed frame, and what to draw from, to a bad one."""

_SIZES = {
    "jpeg": (b"\xff\xc0", 5, ">HH"),
    "jpeg-ls": (b"\xff\xf7", 5, ">HH"),
    "j2k": (b"\xff\x51", 6, ">LL"),
}
"""Where the size is in a stream: behind which marker, at how many bytes, and its format."""

_CODECS = {
    "rle": ("RLE", RLELossless),
    "jpeg": ("JPEG", JPEGBaseline8Bit),
    "jpeg-ls": ("JPEG-LS", JPEGLSLossless),
    "j2k": ("JPEG 2000", JPEG2000Lossless),
}


def list_cut_pixels() -> list[BadFile]:
    """Files that end within their pixels."""
    kinds = [
        make_bad(
            "native-1", "uncompressed, without its last byte", "failed", CUT_OFF, lambda c: c[:-1]
        ),
        make_bad("native-half", "uncompressed, half of it", "failed", CUT_OFF, lambda c: c[:-3000]),
        make_bad(
            "native-none", "uncompressed, no byte of it", "failed", CUT_OFF, lambda c: c[:-6144]
        ),
    ]
    for name, (title, syntax) in _CODECS.items():
        cuts = {"without its last byte": 1, "without its end delimiter": 8, "half of it": None}
        for (what, cut), part in zip(cuts.items(), ("1", "end", "half"), strict=True):
            expected: Expected = "taken" if cut else "failed"
            reason = NO_END if cut else CUT_OFF
            write = _cutting(syntax, cut)
            kinds.append(BadFile(f"{name}-{part}.dcm", f"{title}, {what}", expected, reason, write))
    return kinds


def list_lying_pixels() -> list[BadFile]:
    """Files whose pixels are of another length, encoding or size than the header says."""
    kinds = [
        make_bad("length-odd", "PixelData of an odd length", "failed", NOT_TOLD, _length(6143)),
        make_bad(
            "length-huge", "PixelData of 4 GB, says its length", "failed", CUT_OFF, _length(-2)
        ),
        make_bad("length-0", "PixelData of no length", "failed", NOT_TOLD, _length(0)),
        _unsupported("syntax", "1.2.826.0.1.3680043.8.498.1", "of no standard", "of nobody"),
        _unsupported("syntax-text", f"1.2.{SECRET}", "of no standard", "text"),
        _unsupported("jpeg-xl", "1.2.840.10008.1.2.4.110", "JPEG XL Lossless", "JPEG XL"),
        _unsupported(
            "deflated-frame",
            "1.2.840.10008.1.2.8.1",
            "Deflated Image Frame Compression",
            "deflated frames",
        ),
        _lying("ls-is-j2k", "says JPEG-LS, is JPEG 2000", JPEGLSLossless, JPEG2000Lossless),
        _lying("j2k-is-ls", "says JPEG 2000, is JPEG-LS", JPEG2000Lossless, JPEGLSLossless),
        _lying("jpeg-is-ls", "says JPEG, is JPEG-LS", JPEGBaseline8Bit, JPEGLSLossless),
        _lying("lossless-is-rle", "says JPEG Lossless, is RLE", JPEGLosslessSV1, RLELossless),
        _lying("rle-is-jpeg", "says RLE, is JPEG 2000", RLELossless, JPEG2000Lossless),
        _lying("native-is-jpeg", "says native, is JPEG-LS", ExplicitVRLittleEndian, JPEGLSLossless),
        _native_lie("jpeg-is-native", "says JPEG, is native", JPEGBaseline8Bit, "failed"),
        _native_lie("implicit", "says implicit VR, is explicit", ImplicitVRLittleEndian, "taken"),
        _native_lie(
            "big-endian", "says big endian, is little", ExplicitVRBigEndian, "taken", "order"
        ),
    ]
    for name, (title, syntax) in _CODECS.items():
        for what, image in (("smaller", SMALLER), ("larger", LARGER)):
            write = _sizing(syntax, image)
            kinds.append(
                BadFile(f"{name}-{what}.dcm", f"{title} of a {what} image", "failed", "", write)
            )
    return kinds


def list_damaged_streams() -> list[BadFile]:
    """Files whose compressed frames are damaged."""
    kinds = [
        BadFile(
            f"{name}-flipped.dcm",
            f"{title} with {FLIPPED_BYTES} wrong bytes",
            "failed",
            "expected (a segment|pixel data|a stream)",
            _editing(syntax, _flip),
        )
        for name, (title, syntax) in _CODECS.items()
    ]
    for name, (title, syntax) in _CODECS.items():
        edits: dict[str, tuple[str, Edit]] = {
            "zeros": ("of zeros", lambda stream, _: bytes(len(stream))),
            "short": ("that ends in the middle, within a sound file", _halve),
            "no-end": ("that misses a sixteenth, within a sound file", _clip),
        }
        kinds += [
            BadFile(f"{name}-{part}.dcm", f"{title} {what}", "failed", "", _editing(syntax, edit))
            for part, (what, edit) in edits.items()
        ]
    kinds += [
        BadFile(
            f"{name}-bomb.dcm",
            f"a small {_CODECS[name][0]} of 4000 x 4000 px, and so says the header",
            "failed",
            "fewer pixels than it claims|pixels end too early|of 2646 tiles, got 1",
            _make_bomb(name),
            is_heavy=True,
            shows_phantom=False,
        )
        for name in _SIZES
    ]
    kinds += [
        BadFile(
            "rle-segments.dcm",
            "RLE of 15 segments",
            "failed",
            "expected 1 segments in a frame of RLE",
            _editing(RLELossless, lambda stream, _: struct.pack("<L", 15) + stream[4:]),
        ),
        BadFile(
            "rle-offsets.dcm",
            "RLE whose segment is beyond the file",
            "failed",
            "consecutive segments in a frame of RLE",
            _editing(
                RLELossless,
                lambda stream, _: stream[:4] + struct.pack("<L", 1 << 30) + stream[8:],
            ),
        ),
        BadFile(
            "offsets.dcm",
            "three frames whose offsets lead nowhere",
            "taken",
            "Offset Table",
            _write_wrong_offsets,
        ),
        BadFile(
            "fragment.dcm",
            "a fragment of 4 GB, says its length",
            "failed",
            CUT_OFF,
            _write_long_fragment,
        ),
        BadFile(
            "frames-fewer.dcm",
            "two compressed frames, the header says nine",
            "failed",
            "expected 9 compressed frames",
            _write_few_frames,
        ),
    ]
    return kinds


def _compress(name: str, syntax: UID, image: np.ndarray = IMAGE) -> Dataset:
    if syntax == JPEGBaseline8Bit:
        return make_dataset(name, image, DicomKind.YBR_FULL_422_JPEG)
    return make_compressed(name, syntax, image)


def _cutting(syntax: UID, cut: int | None) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        content = to_bytes(_compress(path.name, syntax))
        pixels = find_element(content, "PixelData", "OB")[1]
        path.write_bytes(content[: -cut if cut else (pixels + len(content)) // 2])

    return write


def _length(length: int) -> Change:
    return lambda content: set_pixel_length(content, length % (UNDEFINED_LENGTH + 1))


def _unsupported(name: str, uid: str, title: str, what: str) -> BadFile:
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return make_bad(
        name,
        f"transfer syntax {what}",
        "failed",
        f"^unsupported transfer syntax: {title}",
        setting("TransferSyntaxUID", value),
    )


def _setting_syntax(syntax: UID) -> Change:
    return setting("TransferSyntaxUID", syntax.encode() + b"\0" * (len(syntax) % 2))


def _lying(name: str, what: str, told: UID, real: UID) -> BadFile:
    def write(path: Path) -> None:
        path.write_bytes(_setting_syntax(told)(to_bytes(_compress(path.name, real))))

    return BadFile(f"{name}.dcm", what, "failed", "", write)


def _native_lie(name: str, what: str, told: UID, expected: Expected, reason: str = "") -> BadFile:
    return make_bad(name, what, expected, reason, _setting_syntax(told))


def _sizing(syntax: UID, image: np.ndarray) -> Callable[[Path], object]:
    """Write a compressed file of another size than its header says."""

    def write(path: Path) -> None:
        dataset = _compress(path.name, syntax, image)
        dataset.Rows, dataset.Columns = IMAGE.shape
        path.write_bytes(to_bytes(dataset))

    return write


def _editing(syntax: UID, edit: Edit) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        dataset = _compress(path.name, syntax)
        (stream,) = generate_frames(dataset.PixelData, number_of_frames=1)
        dataset.PixelData = encapsulate([edit(stream, random.Random(path.name))])
        path.write_bytes(to_bytes(dataset))

    return write


def _flip(stream: bytes, draw: random.Random) -> bytes:
    damaged = bytearray(stream)
    for position in draw.sample(range(len(stream)), FLIPPED_BYTES):
        damaged[position] ^= draw.randrange(1, 256)
    return bytes(damaged)


def _halve(stream: bytes, _: random.Random) -> bytes:
    return stream[: len(stream) // 2]


def _clip(stream: bytes, _: random.Random) -> bytes:
    return stream[: len(stream) * 15 // 16]


def _make_bomb(name: str) -> Callable[[Path], object]:
    marker, distance, layout = _SIZES[name]

    def write(path: Path) -> None:
        dataset = _compress(path.name, _CODECS[name][1])
        (stream,) = generate_frames(dataset.PixelData, number_of_frames=1)
        start = stream.index(marker) + distance
        size = struct.pack(layout, 4000, 4000)
        dataset.PixelData = encapsulate([stream[:start] + size + stream[start + len(size) :]])
        dataset.Rows = dataset.Columns = 4000
        path.write_bytes(to_bytes(dataset))

    return write


def _write_wrong_offsets(path: Path) -> None:
    dataset = make_compressed(path.name, RLELossless, np.stack([IMAGE] * 3))
    content = to_bytes(dataset)
    table = find_element(content, "PixelData", "OB")[1] + 8
    wrong = struct.pack("<3L", 0, 7, 1 << 30)
    path.write_bytes(content[:table] + wrong + content[table + len(wrong) :])


def _write_long_fragment(path: Path) -> None:
    content = to_bytes(make_compressed(path.name, RLELossless))
    table = find_element(content, "PixelData", "OB")[1]
    fragment = table + 8 + int.from_bytes(content[table + 4 : table + 8], "little")
    length = struct.pack("<L", UNDEFINED_LENGTH - 1)
    path.write_bytes(content[: fragment + 4] + length + content[fragment + 8 :])


def _write_few_frames(path: Path) -> None:
    dataset = make_compressed(path.name, RLELossless, np.stack([IMAGE] * 2))
    dataset.NumberOfFrames = 9
    path.write_bytes(to_bytes(dataset))
