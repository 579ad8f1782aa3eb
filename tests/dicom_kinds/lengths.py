"""Uncompressed pixels of another length than the header says (PS3.3 section C.7.6.3)."""

from typing import Any

import numpy as np
from bad_files.bad_file import IMAGE
from bad_files.dicom_bytes import set_pixel_length, to_bytes
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicom_kinds.member import CINE, Grey, Member, make_native, to_file
from pipeline.phantom.phantom_dicom import DicomKind

_FULL = "YBR_FULL_422 in full samples"
_LONGER, _SHORTER = "pixels longer than stated", "pixels shorter than stated"
_NOT_TOLD = r"expected \d+ bytes of PixelData .* as its header says, got \d+"
_REMARK = "three samples a pixel"


def list_lengths() -> list[Member]:
    """All of them."""
    return [*_list_full_samples(), *_list_longer(), *_list_shorter(), *_list_bits()]


def _to_rgb(image: Grey) -> Grey:
    return np.repeat(image[..., None], 3, axis=-1)


def _to_ybr(image: Grey) -> Grey:
    ybr = _to_rgb(image)
    ybr[..., 1:] = 128
    return ybr


def _member(row: str, name: str, content: bytes, frames: Any, **options: Any) -> Member:
    told = {key: options.pop(key) for key in ("refused", "remark") if key in options}
    image = CINE if len(frames) > 1 else IMAGE
    image = options.pop("image", image)
    return Member(row, name, to_file(make_native(content, image, **options)), frames, **told)


def _colour(photometric: str, planar: int = 0) -> dict[str, Any]:
    return {
        "PhotometricInterpretation": photometric,
        "SamplesPerPixel": 3,
        "PlanarConfiguration": planar,
    }


def _list_full_samples() -> list[Member]:
    told = _colour("YBR_FULL_422")
    ybr, rgb = _to_ybr(IMAGE), _to_rgb(IMAGE)
    planes = np.ascontiguousarray(np.moveaxis(ybr, -1, 0))
    syntaxes = {
        "explicit": ExplicitVRLittleEndian,
        "implicit": ImplicitVRLittleEndian,
        "big endian": ExplicitVRBigEndian,
        "deflated": DeflatedExplicitVRLittleEndian,
    }
    members = [
        _member(
            _FULL,
            f"{what} data, {name}",
            data.tobytes(),
            [IMAGE],
            syntax=syntax,
            remark=_REMARK,
            **told,
        )
        for name, syntax in syntaxes.items()
        for what, data in (("YBR", ybr), ("RGB", rgb))
    ]
    patch = rgb.copy()
    patch[10:30, 10:40] = (200, 40, 40)  # red flow
    luma = np.rint(patch @ np.array([0.299, 0.587, 0.114]))
    strong = np.random.default_rng(0).integers(0, 256, rgb.shape, dtype=np.uint8)
    subsampled = np.stack(
        [IMAGE[:, ::2], IMAGE[:, 1::2], *[np.full((64, 48), 128, np.uint8)] * 2], -1
    )
    sub_planes = IMAGE.tobytes() + bytes([128]) * IMAGE.size
    members += [
        _member(
            _FULL,
            "YBR data in planes",
            planes.tobytes(),
            [IMAGE],
            remark=_REMARK,
            **_colour("YBR_FULL_422", 1),
        ),
        _member(
            _FULL,
            "RGB data in planes",
            IMAGE.tobytes() * 3,
            [IMAGE],
            remark=_REMARK,
            **_colour("YBR_FULL_422", 1),
        ),
        _member(
            _FULL, "cine of YBR data", _to_ybr(CINE).tobytes(), list(CINE), remark=_REMARK, **told
        ),
        _member(
            _FULL, "cine of RGB data", _to_rgb(CINE).tobytes(), list(CINE), remark=_REMARK, **told
        ),
        _member(
            _FULL, "RGB data with a red patch", patch.tobytes(), [luma], remark=_REMARK, **told
        ),
        _member(
            _FULL,
            "neither grey as RGB nor as YBR",
            strong.tobytes(),
            [None],
            refused="RGB or YBR",
            **told,
        ),
        _member(_FULL, "control, subsampled", subsampled.tobytes(), [IMAGE], **told),
        _member(
            _FULL,
            "subsampled in planes",
            sub_planes,
            [IMAGE],
            refused="PlanarConfiguration",
            **_colour("YBR_FULL_422", 1),
        ),
        _member(
            _FULL,
            "YBR_FULL that is subsampled",
            subsampled.tobytes(),
            [IMAGE],
            refused=_NOT_TOLD,
            **_colour("YBR_FULL"),
        ),
    ]
    odd = IMAGE[:, :95]
    members += [
        _member(
            _FULL,
            "an odd number of columns",
            _to_ybr(odd).tobytes(),
            [odd],
            image=odd,
            remark=_REMARK,
            **told,
        ),
        _member(
            _FULL,
            "subsampled, an odd number of columns",
            subsampled.tobytes()[: 64 * 95 * 2],
            [odd],
            image=odd,
            refused="even number of Columns",
            **told,
        ),
    ]
    return members


def _list_longer() -> list[Member]:
    grey, still, cine = IMAGE.tobytes(), [IMAGE], list(CINE)
    members = [
        _member(_LONGER, f"{count} bytes of padding", grey + bytes(count), still, remark="padding")
        for count in (2, 16, 62)
    ]
    long = np.concatenate([CINE] * 4)
    members += [
        _member(
            _LONGER,
            "4 bytes of padding behind 12 frames",
            long.tobytes() + bytes(4),
            list(long),
            image=long,
            remark="padding",
        ),
        _member(
            _LONGER,
            "one frame more than stated",
            CINE.tobytes() + grey,
            cine,
            remark="further frames",
        ),
        _member(_LONGER, "a cine of 5 called a still", grey * 5, still, remark="further frames"),
        _member(
            _LONGER, "a still of 0 frames", grey, still, NumberOfFrames=0, remark="Frames is 0"
        ),
    ]
    padded = np.pad(IMAGE, ((0, 0), (0, 2)))
    rgb = {"kind": DicomKind.RGB, "image": _to_rgb(IMAGE)}
    frames = {
        "three samples a pixel, called one": _to_rgb(IMAGE).tobytes(),
        "16 bits, called 8": IMAGE.astype("<u2").tobytes(),
        "rows padded by two bytes": padded.tobytes(),
        "a cine of 3 called a still": CINE.tobytes(),
        "4096 bytes more": grey + bytes(4096),
    }
    members += [
        _member(_LONGER, name, data, still, refused=_NOT_TOLD) for name, data in frames.items()
    ]
    rgba = np.dstack([_to_rgb(IMAGE), IMAGE])
    members += [
        _member(_LONGER, "RGBA, called RGB", rgba.tobytes(), still, refused=_NOT_TOLD, **rgb),
        _member(
            _LONGER,
            "frames padded by two bytes",
            b"".join(f.tobytes() + b"\0\0" for f in CINE),
            cine,
            refused=_NOT_TOLD,
        ),
        _member(
            _LONGER,
            "deflated, 16 bits, called 8",
            IMAGE.astype("<u2").tobytes(),
            still,
            syntax=DeflatedExplicitVRLittleEndian,
            refused=_NOT_TOLD,
        ),
    ]
    return members


def _list_shorter() -> list[Member]:
    still, cine = [IMAGE], list(CINE)
    wide = {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}
    sound = to_bytes(make_native(IMAGE.tobytes()))
    rgb = {"kind": DicomKind.RGB, "image": _to_rgb(IMAGE)}
    cut = r"expected \d+ bytes of PixelData .* got \d+: the file is cut off"
    return [
        _member(
            _SHORTER,
            "one sample a pixel, called three",
            IMAGE.tobytes(),
            still,
            refused=_NOT_TOLD,
            **rgb,
        ),
        _member(_SHORTER, "8 bits, called 16", IMAGE.tobytes(), still, refused=_NOT_TOLD, **wide),
        _member(_SHORTER, "a frame less than stated", CINE[:2].tobytes(), cine, refused=_NOT_TOLD),
        _member(_SHORTER, "a row less than stated", IMAGE[:-1].tobytes(), still, refused=_NOT_TOLD),
        _member(
            _SHORTER,
            "12 bits packed",
            np.packbits(np.zeros(IMAGE.size * 12, bool)).tobytes(),
            [None],
            refused=_NOT_TOLD,
            **wide,
        ),
        Member(
            _SHORTER,
            "a length that is too small",
            lambda: set_pixel_length(sound, 6142),
            still,
            _NOT_TOLD,
        ),
        Member(
            _SHORTER,
            "a length that is too large",
            lambda: set_pixel_length(sound, 6146),
            still,
            cut,
        ),
        Member(_SHORTER, "the end is missing", lambda: sound[:-2], still, cut),
    ]


def _list_bits() -> list[Member]:
    kind = "pixels of one bit"
    told = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    bits = [frame > 128 for frame in CINE]
    frames = [bit * 255.0 for bit in bits]
    odd = [bit[:13, :15] for bit in bits]
    joined = np.packbits(np.concatenate([bit.ravel() for bit in odd]), bitorder="little").tobytes()
    apart = b"".join(np.packbits(bit.ravel(), bitorder="little").tobytes() + b"\0" for bit in odd)
    still = np.packbits(bits[0].ravel(), bitorder="little").tobytes()
    image = {"image": CINE[:, :13, :15]}
    return [
        _member(kind, "control", still, frames[:1], **told),
        _member(
            kind,
            "control, frames that do not end with a byte",
            joined,
            [b * 255.0 for b in odd],
            remark="no mm",  # so few pixels are no breast
            **image,
            **told,
        ),
        _member(
            kind,
            "frames padded to whole words",
            apart,
            [None] * 3,
            refused=_NOT_TOLD,
            **image,
            **told,
        ),
        _member(
            kind,
            "a byte each",
            bits[0].astype(np.uint8).tobytes(),
            frames[:1],
            refused=_NOT_TOLD,
            **told,
        ),
        _member(
            kind, "half of them", still[: len(still) // 2], frames[:1], refused=_NOT_TOLD, **told
        ),
    ]
