"""Cines of which a frame cannot be decoded, and streams that are not what they are called."""

import io
from typing import Any

import imagecodecs
import numpy as np
from bad_files.bad_file import IMAGE
from bad_files.dicom_bytes import make_dataset
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from dicom_kinds.member import (
    CINE,
    LOSS,
    SEQUENCE_END,
    STEP,
    Grey,
    Member,
    list_offsets,
    make_encapsulated,
    make_items,
)

_LOST, _NO_END = "a frame that cannot be decoded", "streams without their end"
_COLOURS, _SYNTAX = "colours of a stream not those of the header", "streams of another syntax"
_TOLD = "colour claimed for a stream that is not"
FIVE = np.concatenate([CINE, CINE[:2, ::-1, ::-1]])
SYNTAXES = {
    "JPEG": JPEGBaseline8Bit,
    "JPEG lossless": JPEGLosslessSV1,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
    "RLE": RLELossless,
}
END = b"\xff\xd9"


def encode(name: str, image: Grey) -> bytes:
    """Encode one frame of 8 bits."""
    if name == "JPEG":
        return encode_jpeg(image)
    if name == "JPEG lossless":
        return bytes(imagecodecs.jpeg8_encode(image, lossless=True, predictor=1))
    dataset = make_dataset("frame", image)
    dataset.compress(SYNTAXES[name], generate_instance_uid=False)
    return next(generate_frames(dataset.PixelData, number_of_frames=1))


def encode_jpeg(image: Grey, **options: Any) -> bytes:
    """Encode by Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def wrap(streams: list[bytes], syntax: str, image: Grey = IMAGE, **attributes: Any) -> Any:
    """Write one fragment a frame, with a sound Basic Offset Table."""
    pixels = make_items(streams, list_offsets(streams)) + SEQUENCE_END
    return make_encapsulated(pixels, syntax, image, **attributes)


def tolerate(name: str) -> float:
    """Grey levels that an encoder may cost."""
    return LOSS if name == "JPEG" else STEP


def list_frames() -> list[Member]:
    """All of them."""
    return [*_list_lost(), *_list_without_end(), *_list_colours(), *_list_syntaxes()]


def _list_lost() -> list[Member]:
    members = []
    for name, syntax in SYNTAXES.items():
        streams = [encode(name, frame) for frame in FIVE]
        damages = {
            "zeros": bytes(len(streams[0])),
            "half of it": streams[2][: len(streams[2]) // 2],
            "nothing": b"",
            "another size": encode(name, IMAGE[:32]),
        }
        for what, stream in damages.items():
            for lost in (2,) if what != "zeros" else (0, 2, 4):
                changed = [*streams[:lost], stream, *streams[lost + 1 :]]
                frames = [None if at == lost else frame for at, frame in enumerate(FIVE)]
                title = f"{name}, {what} at {lost + 1} of 5"
                make = wrap(changed, syntax, FIVE)
                members.append(Member(_LOST, title, make, frames, tolerance=tolerate(name)))
        three = [streams[0], b"", b"", b"", streams[4]]
        frames = [FIVE[0], None, None, None, FIVE[4]]
        make = wrap(three, syntax, FIVE)
        members.append(Member(_LOST, f"{name}, three of 5", make, frames, tolerance=tolerate(name)))
    return members


def _list_without_end() -> list[Member]:
    members = []
    for name in ("JPEG", "JPEG lossless", "JPEG-LS", "JPEG 2000"):
        stream, syntax = encode(name, IMAGE).rstrip(b"\0"), SYNTAXES[name]
        assert stream.endswith(END)
        cine = [encode(name, frame).rstrip(b"\0")[:-2] for frame in CINE]
        told: dict[str, Any] = {"remark": "end of image", "tolerance": tolerate(name)}
        refused = "expected"
        members += [
            Member(_NO_END, name, wrap([stream[:-2]], syntax), [IMAGE], **told),
            Member(_NO_END, f"{name}, half of it", wrap([stream[:-1]], syntax), [IMAGE], **told),
            Member(_NO_END, f"{name}, a cine", wrap(cine, syntax, CINE), list(CINE), **told),
        ]
        members += [
            Member(
                _NO_END,
                f"{name}, and {cut} bytes before it",
                wrap([stream[: -2 - cut]], syntax),
                [None],
                refused,
            )
            for cut in (20, len(stream) // 4)
        ]
    return members


def _list_colours() -> list[Member]:
    rows, columns = np.mgrid[:64, :96]
    colour = np.dstack([40 + 2 * rows, 30 + columns, 200 - rows - columns]).astype(np.uint8)
    luma = np.rint(colour @ np.array([0.299, 0.587, 0.114]))
    rgb = {"colorspace": "RGB", "outcolorspace": "RGB"}
    j2k = {"codecformat": "j2k", "reversible": True, "level": 0}
    streams = {
        "JPEG, YCC": (JPEGBaseline8Bit, encode_jpeg(colour, subsampling=0)),
        "JPEG, YCC subsampled": (JPEGBaseline8Bit, encode_jpeg(colour, subsampling=1)),
        "JPEG, RGB": (JPEGBaseline8Bit, imagecodecs.jpeg8_encode(colour, level=95, **rgb)),
        "JPEG lossless, RGB": (
            JPEGLosslessSV1,
            imagecodecs.jpeg8_encode(colour, lossless=True, predictor=1, **rgb),
        ),
        "JPEG 2000, transformed": (
            JPEG2000Lossless,
            imagecodecs.jpeg2k_encode(colour, mct=True, **j2k),
        ),
        "JPEG 2000, not transformed": (
            JPEG2000,
            imagecodecs.jpeg2k_encode(colour, mct=False, **j2k),
        ),
    }
    members = []
    for name, (syntax, stream) in streams.items():
        for told in ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "YBR_PARTIAL_422"):
            if "not transformed" in name and told.startswith(("YBR_F", "YBR_P")):
                continue  # nothing but the header says that they are not
            attributes = {
                "PhotometricInterpretation": told,
                "SamplesPerPixel": 3,
                "PlanarConfiguration": 0,
            }
            make = wrap([bytes(stream)], syntax, IMAGE, **attributes)
            title = f"{name}, called {told}"
            members.append(Member(_COLOURS, title, make, [luma], tolerance=4))
    one = {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    refused = "expected"
    for name in ("JPEG", "JPEG-LS", "JPEG 2000"):
        grey, syntax = encode(name, IMAGE), SYNTAXES[name]
        members.append(
            Member(
                _TOLD, f"{name} in grey, called RGB", wrap([grey], syntax, **one), [IMAGE], refused
            )
        )
    for name, stream in (
        ("JPEG", encode_jpeg(colour)),
        ("JPEG-LS", bytes(imagecodecs.jpegls_encode(colour))),
        ("JPEG 2000", bytes(imagecodecs.jpeg2k_encode(colour, mct=True, **j2k))),
    ):
        members.append(
            Member(
                _TOLD,
                f"{name} in colour, called grey",
                wrap([stream], SYNTAXES[name]),
                [luma],
                refused,
            )
        )
    return members


def _list_syntaxes() -> list[Member]:
    members = []
    for name in SYNTAXES:
        stream = encode(name, IMAGE)
        for told, syntax in SYNTAXES.items():
            if told == name:
                continue
            is_read = {name, told} == {"JPEG", "JPEG lossless"}
            refused = "" if is_read else "expected (pixel data in .*, got|1 segments)"
            title = f"{name} in the syntax of {told}"
            make = wrap([stream], syntax)
            members.append(Member(_SYNTAX, title, make, [IMAGE], refused, tolerance=LOSS))
    return members
