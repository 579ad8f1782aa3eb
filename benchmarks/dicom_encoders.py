"""Write pictures as DICOM in every transfer syntax, for the scripts of this folder."""

import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import UID, RLELossless

from pipeline.phantom.phantom_dicom import make_phantom_dataset

ROOT_UID = "1.2.840.10008.1.2"
_EXPLICIT, _BIG_ENDIAN = f"{ROOT_UID}.1", f"{ROOT_UID}.2"

Samples = NDArray[Any]


@dataclass(frozen=True)
class Content:
    """Pixels as they are stored, and what the header says of them."""

    photometric: str
    samples: Samples
    bits: int = 8
    planar: int = 0
    attributes: dict[str, NDArray[Any]] = field(default_factory=dict)


def to_ybr(rgb: Samples) -> NDArray[np.uint8]:
    """Transform (H, W, 3) RGB to YBR_FULL, of which two neighbours share their chroma."""
    weights = np.array(
        [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
    )
    ybr: NDArray[np.float64] = rgb @ weights.T + np.array([0, 128, 128])
    # So thinning it out to 4:2:2 changes nothing.
    ybr[:, 1::2, 1:] = ybr[:, ::2, 1:]
    return np.clip(np.rint(ybr), 0, 255).astype(np.uint8)


def make_palette(bits: int) -> dict[str, NDArray[Any]]:
    """Colours whose luma falls from 255 at 0 to 0 at 255, bluish in the middle."""
    wanted = np.arange(255, -1, -1.0)
    tint = 30 * np.sin(wanted / 255 * np.pi)
    blue = np.clip(wanted + tint, 0, 255)
    red = green = (wanted - 0.114 * blue) / 0.886
    scale, kind = (257, "<u2") if bits == 16 else (1, "<u2")
    return {
        name: np.clip(np.rint(values * scale), 0, 255 * scale).astype(kind)
        for name, values in (("Red", red), ("Green", green), ("Blue", blue))
    }


def write_native(path: Path, content: Content, uid: str) -> None:
    """Write uncompressed pixels."""
    dataset = _make_header(content, uid)
    samples, order = content.samples, ">" if uid == _BIG_ENDIAN else "<"
    if content.photometric == "YBR_FULL_422":
        pairs = samples.reshape(-1, 2, 3)
        samples = np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=1)
    elif content.planar:
        samples = np.moveaxis(samples, -1, 0)
    dataset.PixelData = samples.astype(f"{order}u{samples.dtype.itemsize}").tobytes()
    dataset["PixelData"].VR = "OB" if content.bits == 8 else "OW"
    dataset.save_as(path, enforce_file_format=True)


def _make_header(content: Content, uid: str) -> Dataset:
    dataset = make_phantom_dataset(np.zeros(content.samples.shape[:2], np.uint8))
    dataset.file_meta.TransferSyntaxUID = UID(uid)
    dataset.PhotometricInterpretation = content.photometric
    dataset.SamplesPerPixel = 3 if content.samples.ndim == 3 else 1
    if content.samples.ndim == 3:
        dataset.PlanarConfiguration = content.planar
    dataset.BitsAllocated = 8 * content.samples.dtype.itemsize
    dataset.BitsStored, dataset.HighBit = content.bits, content.bits - 1
    for colour, table in content.attributes.items():
        bits = 16 if table.max() > 255 else 8
        order = ">u2" if uid == _BIG_ENDIAN else "<u2"
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, bits])
        # Tables of 8 bits are two entries a word; see PS3.3 section C.7.6.3.1.6.
        data = table.astype("u1").view("<u2").astype(order) if bits == 8 else table.astype(order)
        setattr(dataset, f"{colour}PaletteColorLookupTableData", data.tobytes())
    return dataset


def write_rle(path: Path, content: Content, uid: str) -> None:
    """Let pydicom encode."""
    write_native(path, replace(content, planar=0), _EXPLICIT)
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    if content.planar:
        dataset.PlanarConfiguration = content.planar  # which changes nothing in a stream of planes
    dataset.save_as(path, enforce_file_format=True)


def write_by_tool(*command: str) -> Callable[[Path, Content, str], None]:
    """Let a tool of dcmtk encode."""

    def write(path: Path, content: Content, uid: str) -> None:
        native = path.with_suffix(".native.dcm")
        write_native(native, content, _EXPLICIT)
        subprocess.run([*command, str(native), str(path)], check=True, capture_output=True)

    return write


def _deflate(content: bytes) -> bytes:
    """Compress without a head, as DICOM does; `zlib.compress` can from Python 3.11 on alone."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()


def write_stream(
    encode: Callable[[Content], bytes],
) -> Callable[[Path, Content, str], None]:
    """Encapsulate what an encoder gives."""

    def write(path: Path, content: Content, uid: str) -> None:
        dataset = _make_header(content, uid)
        dataset.PixelData = encapsulate([encode(content)])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        # Not `save_as`, which refuses transfer syntaxes that pydicom does not know.
        body = DicomBytesIO()
        body.is_little_endian, body.is_implicit_VR = True, False
        write_file_meta_info(body, dataset.file_meta, enforce_standard=False)
        write_dataset(body, dataset[0x00080000:])
        path.write_bytes(bytes(128) + b"DICM" + body.getvalue())

    return write


def _encode_jpeg(content: Content) -> bytes:
    import imagecodecs

    # The samples are stored as they are, so that RGB stays RGB and YBR is not transformed twice.
    kind = {"RGB": "rgb", "YBR_FULL": "ycbcr", "YBR_FULL_422": "ycbcr"}.get(content.photometric)
    return bytes(
        imagecodecs.jpeg8_encode(
            content.samples,
            level=95,
            colorspace=kind,
            outcolorspace=kind,
            subsampling="422" if content.photometric == "YBR_FULL_422" else "444",
            bitspersample=content.bits,
        )
    )


def _encode_jpeg2000(*, reversible: bool) -> Callable[[Content], bytes]:
    def encode(content: Content) -> bytes:
        import imagecodecs

        return bytes(
            imagecodecs.jpeg2k_encode(
                content.samples,
                level=0 if reversible else 60,
                codecformat="j2k",
                bitspersample=content.bits,
                reversible=reversible,
                mct=content.photometric in {"YBR_RCT", "YBR_ICT"},
            )
        )

    return encode


def _encode_htj2k(*, reversible: bool) -> Callable[[Content], bytes]:
    def encode(content: Content) -> bytes:
        import imagecodecs

        return bytes(
            imagecodecs.htj2k_encode(
                content.samples,
                reversible=reversible,
                rgb=content.photometric in {"YBR_RCT", "YBR_ICT"},
            )
        )

    return encode


def _encode_jpeg_xl(content: Content) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpegxl_encode(content.samples))


def write_video(codec: str) -> Callable[[Path, Content, str], None]:
    """Encode a short cine that shows the picture, and then the picture upside down."""

    def write(path: Path, content: Content, uid: str) -> None:
        import av

        packets = []
        context = cast("av.VideoCodecContext", av.CodecContext.create(codec, "w"))
        depth = "yuv420p10le" if uid == f"{ROOT_UID}.4.108" else "yuv420p"
        context.height, context.width = content.samples.shape[:2]
        context.pix_fmt = depth
        if codec == _HEVC:
            context.options = {"x265-params": "log-level=none"}
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        context.bit_rate = 8_000_000
        for number in range(2):
            picture = content.samples[::-1] if number else content.samples
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format=depth)
            frame.pts = number
            packets += [bytes(packet) for packet in context.encode(frame)]
        packets += [bytes(packet) for packet in context.encode(None)]
        dataset = _make_header(content, uid)
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
        dataset.NumberOfFrames = 2
        dataset.PixelData = encapsulate([b"".join(packets)])
        dataset["PixelData"].VR = "OB"
        dataset.save_as(path, enforce_file_format=True)

    return write


Writer = Callable[[Path, Content, str], None]

_MPEG2, _H264, _HEVC = "mpeg2video", "libx264", "libx265"
_JPIP = write_stream(lambda _: b"\0\0")

SYNTAXES: dict[str, tuple[str, Writer]] = {
    f"{ROOT_UID}": ("implicit little endian", write_native),
    f"{ROOT_UID}.1": ("explicit little endian", write_native),
    f"{ROOT_UID}.2": ("explicit big endian", write_native),
    f"{ROOT_UID}.1.99": ("deflated", write_native),
    f"{ROOT_UID}.1.98": (
        "encapsulated uncompressed",
        write_stream(lambda content: content.samples.tobytes()),
    ),
    f"{ROOT_UID}.5": ("RLE", write_rle),
    f"{ROOT_UID}.4.50": ("JPEG baseline", write_stream(_encode_jpeg)),
    f"{ROOT_UID}.4.51": ("JPEG extended", write_stream(_encode_jpeg)),
    f"{ROOT_UID}.4.57": ("JPEG lossless", write_by_tool("dcmcjpeg", "--encode-lossless")),
    f"{ROOT_UID}.4.70": ("JPEG lossless SV1", write_by_tool("dcmcjpeg", "--encode-lossless-sv1")),
    f"{ROOT_UID}.4.80": ("JPEG-LS lossless", write_by_tool("dcmcjpls", "--encode-lossless")),
    f"{ROOT_UID}.4.81": ("JPEG-LS", write_by_tool("dcmcjpls", "--encode-nearlossless")),
    f"{ROOT_UID}.4.90": ("JPEG 2000 lossless", write_stream(_encode_jpeg2000(reversible=True))),
    f"{ROOT_UID}.4.91": ("JPEG 2000", write_stream(_encode_jpeg2000(reversible=False))),
    f"{ROOT_UID}.4.92": (
        "JPEG 2000 part 2 lossless",
        write_stream(_encode_jpeg2000(reversible=True)),
    ),
    f"{ROOT_UID}.4.93": ("JPEG 2000 part 2", write_stream(_encode_jpeg2000(reversible=False))),
    f"{ROOT_UID}.4.94": ("JPIP", _JPIP),
    f"{ROOT_UID}.4.95": ("JPIP deflated", _JPIP),
    f"{ROOT_UID}.4.201": ("HTJ2K lossless", write_stream(_encode_htj2k(reversible=True))),
    f"{ROOT_UID}.4.202": ("HTJ2K lossless RPCL", write_stream(_encode_htj2k(reversible=True))),
    f"{ROOT_UID}.4.203": ("HTJ2K", write_stream(_encode_htj2k(reversible=False))),
    f"{ROOT_UID}.4.204": ("JPIP HTJ2K", _JPIP),
    f"{ROOT_UID}.4.205": ("JPIP HTJ2K deflated", _JPIP),
    f"{ROOT_UID}.4.110": ("JPEG XL lossless", write_stream(_encode_jpeg_xl)),
    f"{ROOT_UID}.4.111": ("JPEG XL recompression", write_stream(_encode_jpeg_xl)),
    f"{ROOT_UID}.4.112": ("JPEG XL", write_stream(_encode_jpeg_xl)),
    f"{ROOT_UID}.8.1": (
        "deflated frame",
        write_stream(lambda content: _deflate(content.samples.tobytes())),
    ),
    f"{ROOT_UID}.4.100": ("MPEG2 main level", write_video(_MPEG2)),
    f"{ROOT_UID}.4.101": ("MPEG2 high level", write_video(_MPEG2)),
    f"{ROOT_UID}.4.102": ("H.264 level 4.1", write_video(_H264)),
    f"{ROOT_UID}.4.103": ("H.264 level 4.1 BD", write_video(_H264)),
    f"{ROOT_UID}.4.104": ("H.264 level 4.2 2D", write_video(_H264)),
    f"{ROOT_UID}.4.105": ("H.264 level 4.2 3D", write_video(_H264)),
    f"{ROOT_UID}.4.106": ("H.264 stereo", write_video(_H264)),
    f"{ROOT_UID}.4.107": ("HEVC main", write_video(_HEVC)),
    f"{ROOT_UID}.4.108": ("HEVC main 10", write_video(_HEVC)),
}
"""Transfer syntaxes of PS3.6 table A-1 that images can have; name and encoder."""
