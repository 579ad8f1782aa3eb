"""Where in a word the stored bits are (PS3.5 section 8.1.1), and what lies beside them."""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from bad_files.bad_file import IMAGE
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import JPEGLSLosslessEncoder
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from dicom_kinds.member import (
    CINE,
    SEQUENCE_END,
    STEP,
    Grey,
    Member,
    make_encapsulated,
    make_items,
    make_native,
    set_attributes,
    to_file,
)

_HIGH, _BESIDE = "High Bit not Bits Stored less 1", "other bits beside the stored ones"
_DEPTH = "bits of the stream not those of the header"
_NONSENSE = "High Bit that cannot be"


def list_bits() -> list[Member]:
    """All of them."""
    return [*_list_high(), *_list_beside(), *_list_nonsense(), *_list_streams(), *_list_signs()]


def _list_signs() -> list[Member]:
    values = (IMAGE.astype(np.int16) - 128).astype(np.int8)
    stream = imagecodecs.jpeg2k_encode(values, codecformat="j2k", reversible=True)
    pixels = make_items([stream]) + SEQUENCE_END
    return [
        Member(
            _DEPTH,
            f"JPEG 2000 of signed values, PixelRepresentation {number}",
            make_encapsulated(pixels, JPEG2000Lossless, PixelRepresentation=number),
            [IMAGE],
            "" if number else "of signed values",
        )
        for number in (0, 1)
    ]


def _scale(image: Grey, stored: int) -> Grey:
    return np.rint(image / 255 * (2**stored - 1)).astype(np.int64)


def _words(image: Grey, stored: int, high: int, *, is_signed: bool = False) -> Grey:
    """Put values into words of 16 bits; signed ones begin at their least value."""
    values = _scale(image, stored) - (2 ** (stored - 1) if is_signed else 0)
    return ((values & (2**stored - 1)) << (high + 1 - stored)).astype("<u2")


def _stated(stored: Any, high: Any, allocated: Any = 16, **others: Any) -> dict[str, Any]:
    return {"BitsAllocated": allocated, "BitsStored": stored, "HighBit": high, **others}


def _rle(words: Grey, image: Grey = IMAGE, **told: Any) -> Dataset:
    bits = 8 * words.dtype.itemsize
    whole = {"BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1}
    dataset = make_native(words.tobytes(), image, **whole)
    dataset.compress(RLELossless, generate_instance_uid=False)
    set_attributes(dataset, told)
    return dataset


def _list_high() -> list[Member]:
    members = []
    for stored, high in ((8, 15), (10, 13), (10, 15), (12, 15), (12, 13), (15, 15), (8, 11)):
        words, told = _words(IMAGE, stored, high), _stated(stored, high)
        name = f"{stored} bits up to bit {high}"
        signed = _words(IMAGE, stored, high, is_signed=True)
        inverted = {**told, "PhotometricInterpretation": "MONOCHROME1"}
        members += [
            Member(
                _HIGH,
                f"{name}, uncompressed",
                to_file(make_native(words.tobytes(), **told)),
                [IMAGE],
            ),
            Member(_HIGH, f"{name}, RLE", to_file(_rle(words, **told)), [IMAGE]),
            Member(
                _HIGH,
                f"{name}, signed",
                to_file(make_native(signed.tobytes(), PixelRepresentation=1, **told)),
                [IMAGE],
            ),
            Member(
                _HIGH,
                f"{name}, signed, RLE",
                to_file(_rle(signed, PixelRepresentation=1, **told)),
                [IMAGE],
            ),
            Member(
                _HIGH,
                f"{name}, MONOCHROME1",
                to_file(make_native(words.tobytes(), **inverted)),
                [255 - IMAGE],
            ),
        ]
    words, told = _words(IMAGE, 12, 15), _stated(12, 15)
    cine, colour = _words(CINE, 12, 15), np.repeat(words[..., None], 3, -1)
    rgb = {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    bytes_6 = (_scale(IMAGE, 6) << 2).astype(np.uint8)
    low = 255 / 63 * _scale(IMAGE, 6)
    return [
        *members,
        Member(
            _HIGH,
            "implicit",
            to_file(make_native(words.tobytes(), syntax=ImplicitVRLittleEndian, **told)),
            [IMAGE],
        ),
        Member(
            _HIGH,
            "big endian",
            to_file(make_native(words.astype(">u2").tobytes(), syntax=ExplicitVRBigEndian, **told)),
            [IMAGE],
        ),
        Member(_HIGH, "cine", to_file(make_native(cine.tobytes(), CINE, **told)), list(CINE)),
        Member(_HIGH, "RGB", to_file(make_native(colour.tobytes(), **told, **rgb)), [IMAGE]),
        Member(
            _HIGH,
            "told for each sample",
            to_file(make_native(colour.tobytes(), **_stated([12] * 3, [15] * 3), **rgb)),
            [IMAGE],
        ),
        Member(
            _HIGH, "6 bits of 8", to_file(make_native(bytes_6.tobytes(), **_stated(6, 7, 8))), [low]
        ),
        Member(_HIGH, "6 bits of 8, RLE", to_file(_rle(bytes_6, **_stated(6, 7, 8))), [low]),
        Member(
            _HIGH,
            "control, 12 of 16",
            to_file(make_native(_words(IMAGE, 12, 11).tobytes(), **_stated(12, 11))),
            [IMAGE],
        ),
    ]


def _list_beside() -> list[Member]:
    members = []
    for stored, high, bit in (
        (12, 11, 12),
        (12, 11, 15),
        (8, 7, 8),
        (10, 9, 13),
        (12, 15, 0),
        (8, 11, 3),
        (8, 11, 14),
    ):
        words = _words(IMAGE, stored, high)
        words[20:40, 30:60] |= 1 << bit
        told, name = (
            _stated(stored, high),
            f"{stored} bits up to bit {high}, an overlay in bit {bit}",
        )
        overlay = {0x60000100: ("US", 16), 0x60000102: ("US", bit)}
        for how, dataset in (
            ("uncompressed", make_native(words.tobytes(), **told)),
            ("RLE", _rle(words, **told)),
        ):
            for tag, (vr, value) in overlay.items():
                dataset.add_new(tag, vr, value)
            members.append(Member(_BESIDE, f"{name}, {how}", to_file(dataset), [IMAGE]))
    signed = _words(IMAGE, 12, 11, is_signed=True)
    members.append(
        Member(
            _BESIDE,
            "signed, sign not extended",
            to_file(make_native(signed.tobytes(), **_stated(12, 11, PixelRepresentation=1))),
            [IMAGE],
        )
    )
    return members


def _list_nonsense() -> list[Member]:
    words, grey = _words(IMAGE, 12, 11).tobytes(), IMAGE.tobytes()
    refused = r"expected HighBit \(0028,0102\) of"
    return (
        [
            Member(
                _NONSENSE,
                f"{high} of 12 bits in 16",
                to_file(make_native(words, **_stated(12, high))),
                [None],
                refused,
            )
            for high in (16, 7, 0)
        ]
        + [
            Member(
                _NONSENSE,
                f"{high} of 8 bits in 8",
                to_file(make_native(grey, **_stated(8, high, 8))),
                [IMAGE],
                remark="High Bit",
            )
            for high in (0, 8, 11, 15)
        ]
        + [
            Member(
                _NONSENSE,
                "none of 8 bits in 8",
                to_file(make_native(grey, **_stated(8, None, 8))),
                [IMAGE],
            ),
            Member(
                _NONSENSE,
                "none of 12 bits in 16",
                to_file(make_native(words, **_stated(12, None))),
                [IMAGE],
                remark="High Bit",
            ),
            Member(
                _NONSENSE,
                "BitsStored of 0",
                to_file(make_native(grey, **_stated(0, 7, 8))),
                [None],
                "BitsStored",
            ),
            Member(
                _NONSENSE,
                "BitsStored of 12 in 8",
                to_file(make_native(grey, **_stated(12, 11, 8))),
                [None],
                "BitsStored",
            ),
            Member(
                _NONSENSE,
                "BitsAllocated of 12",
                to_file(make_native(grey, **_stated(12, 11, 12))),
                [None],
                "BitsAllocated",
            ),
            Member(
                _NONSENSE,
                "PixelRepresentation of 2",
                to_file(make_native(grey, PixelRepresentation=2)),
                [None],
                "PixelRepresentation",
            ),
        ]
    )


_ENCODERS: dict[str, tuple[UID, Callable[[Grey, int], bytes]]] = {
    "JPEG lossless": (
        JPEGLosslessSV1,
        lambda words, bits: imagecodecs.jpeg8_encode(
            words, lossless=True, predictor=1, bitspersample=bits
        ),
    ),
    "JPEG-LS": (JPEGLSLossless, lambda words, bits: _encode_jpeg_ls(words, bits)),
    "JPEG 2000": (
        JPEG2000Lossless,
        lambda words, bits: imagecodecs.jpeg2k_encode(
            words, codecformat="j2k", bitspersample=bits, reversible=True
        ),
    ),
    "JPEG of 12 bits": (
        JPEGExtended12Bit,
        lambda words, bits: imagecodecs.jpeg8_encode(words, level=100, bitspersample=bits),
    ),
}


def _encode_jpeg_ls(words: Grey, bits: int) -> bytes:
    return bytes(
        JPEGLSLosslessEncoder.encode(
            words,
            number_of_frames=1,
            rows=words.shape[0],
            columns=words.shape[1],
            samples_per_pixel=1,
            photometric_interpretation="MONOCHROME2",
            bits_allocated=8 * words.dtype.itemsize,
            bits_stored=bits,
            pixel_representation=0,
        )
    )


def _stream(name: str, words: Grey, bits: int, **told: Any) -> Dataset:
    syntax, encode = _ENCODERS[name]
    dataset = make_native(b"", syntax=syntax, **told)
    dataset.PixelData = encapsulate([bytes(encode(words, bits))])
    dataset["PixelData"].VR = "OB"
    return dataset


def _list_streams() -> list[Member]:
    too_large, too_wide = "expected values of .* bits, as BitsStored", "at most 8 bits, as BitsA"
    words = {bits: _words(IMAGE, bits, bits - 1) for bits in (10, 12, 16)} | {8: IMAGE}
    overlay = words[12].copy()
    overlay[20:40, 30:60] |= 1 << 12
    high = _words(IMAGE, 12, 15)
    # What is encoded with how many bits, what the header says, and why it is refused.
    kinds: list[tuple[str, Grey, int, dict[str, Any], str]] = [
        (_DEPTH, words[12], 12, _stated(16, 15), ""),
        (_DEPTH, words[8], 8, _stated(12, 11), ""),
        (_DEPTH, words[8], 8, _stated(8, 7), ""),
        (_DEPTH, words[10], 10, _stated(12, 11), ""),
        (_DEPTH, words[12], 16, _stated(12, 11), ""),
        (_DEPTH, words[12], 12, _stated(8, 7, 8), too_wide),
        (_HIGH, high, 16, _stated(12, 15), ""),
        (_HIGH, words[12], 12, _stated(12, 15), ""),
    ]
    whole = [(_BESIDE, overlay, 16, _stated(12, 11), "")]
    values = [
        (_BESIDE, overlay, 16, _stated(12, 11), too_large),
        (_DEPTH, words[16], 16, _stated(12, 11), too_large),
    ]
    cosines = [
        (_DEPTH, words[12], 12, _stated(16, 15), ""),
        (_DEPTH, words[12], 12, _stated(12, 11), ""),
        (_DEPTH, words[12], 12, _stated(10, 9), too_large),
        (_DEPTH, words[12], 12, _stated(8, 7), too_large),
        (_HIGH, words[12], 12, _stated(12, 15), ""),
    ]
    every = {
        "JPEG lossless": kinds + whole,
        "JPEG-LS": kinds + whole,
        "JPEG 2000": kinds + values,
        "JPEG of 12 bits": cosines,
    }
    members = []
    for encoder, rows in every.items():
        for number, (row, content, bits, told, refused) in enumerate(rows):
            name = f"{encoder} {number}: {bits} bits, {told['BitsStored']} up to {told['HighBit']}"
            tolerance = 3 if encoder.endswith("12 bits") else STEP
            make = to_file(_stream(encoder, content, bits, **told))
            members.append(Member(row, name, make, [IMAGE], refused, tolerance=tolerance))
    return members
