"""What other programs make of a DICOM file: grey values by code that the reader does not run.

`DECODERS` has dcmtk and GDCM as command line tools, of the apt packages `dcmtk` and
`libgdcm-tools`, and one in Python that is always there: FFmpeg (JPEG, JPEG-LS, JPEG 2000),
imagecodecs (JPEG of 12 bits and lossless, HTJ2K, runs of RLE) and numpy. All share only pydicom's
parser with the reader. What stands behind the pixels - photometric interpretation, palette, bits,
luma - is written here a second time, after PS3.3 section C.7.6.3.1.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import generate_frames

Samples = NDArray[Any]
Grey = NDArray[np.float64]

_SECONDS = 60
_UID = "1.2.840.10008.1.2"
_BE, _DEFLATED = f"{_UID}.2", f"{_UID}.1.99"
NATIVE = {_UID, f"{_UID}.1", _BE, _DEFLATED}
RLE = f"{_UID}.5"
_JPEG = f"{_UID}.4."
JPEG_DCT = {f"{_JPEG}50", f"{_JPEG}51"}
JPEG_LOSSLESS = {f"{_JPEG}57", f"{_JPEG}70"}
JPEG_LS = {f"{_JPEG}80", f"{_JPEG}81"}
JPEG_2000 = {f"{_JPEG}90", f"{_JPEG}91"}
HTJ2K = {f"{_JPEG}201", f"{_JPEG}202", f"{_JPEG}203"}


class NotDecodedError(Exception):
    """The decoder says that it cannot read this file."""


@dataclass(frozen=True)
class Decoder:
    """A way to grey values.

    Attributes:
        name: short, as it stands in tables.
        tools: commands that it needs.
        package: what has to be installed for them.
        syntaxes: UIDs of the transfer syntaxes that it is asked for.
        decode: from path and number of the frame, from 0.
    """

    name: str
    tools: tuple[str, ...]
    package: str
    syntaxes: frozenset[str]
    decode: Callable[[Path, int], Grey]

    def missing(self) -> list[str]:
        """Names of its tools that are not installed."""
        return [tool for tool in self.tools if shutil.which(tool) is None]


def decode_with_dcmtk(path: Path, index: int) -> Grey:
    """Decode by dcmtk: colour transformation, palette, Modality and VOI LUT included."""
    dataset = pydicom.dcmread(path)
    syntax, photometric = str(dataset.file_meta.TransferSyntaxUID), _photometric(dataset)
    command = ["dcml2pnm" if syntax in JPEG_LS else "dcmj2pnm", "--no-overlays"]
    if photometric.startswith("MONOCHROME") and "VOILUTSequence" in dataset:
        command += ["--use-voi-lut", "1"]
    elif photometric.startswith("MONOCHROME") and "WindowWidth" in dataset:
        command += ["--use-window", "1"]
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "frame.pnm"
        command += ["--frame", str(index + 1), "--write-raw-pnm", str(path), str(picture)]
        _run(command, picture)
        with Image.open(picture) as image:
            pixels = np.asarray(image)
    if pixels.ndim == 2:
        return pixels.astype(np.float64)
    return _from_rgb(pixels)


def decode_with_gdcm(path: Path, index: int) -> Grey:
    """Let GDCM decompress the file, and read what it wrote with numpy."""
    written = _decompress_with_gdcm(path)
    samples = _native_samples(written, index)
    if _photometric(written) == "RGB" and written.BitsStored == 8:
        return _from_rgb(samples)
    return _to_grey(samples, written, _photometric(written))


@lru_cache(maxsize=1)  # a test asks for several frames of one file
def _decompress_with_gdcm(path: Path) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.dcm"
        _run(["gdcmconv", "--raw", str(path), str(raw)], raw)
        written = pydicom.dcmread(raw)
    if str(written.file_meta.TransferSyntaxUID) not in NATIVE:
        msg = "gdcmconv left the pixels compressed"
        raise NotDecodedError(msg)
    return written


def decode_with_python(path: Path, index: int) -> Grey:
    """Decode by FFmpeg, imagecodecs or numpy."""
    return _decode_with_python(pydicom.dcmread(path), index)


def _decode_with_python(dataset: Dataset, index: int) -> Grey:
    syntax, photometric = str(dataset.file_meta.TransferSyntaxUID), _photometric(dataset)
    if syntax in NATIVE:
        return _to_grey(_native_samples(dataset, index), dataset, photometric)
    frames = int(dataset.get("NumberOfFrames") or 1)
    stream = list(generate_frames(dataset.PixelData, number_of_frames=frames))[index]
    if syntax == RLE:
        return _to_grey(_rle_samples(stream, dataset), dataset, photometric)
    samples, is_rgb = _stream_samples(stream, dataset)
    return _to_grey(samples, dataset, "RGB" if is_rgb else photometric)


def _from_rgb(pixels: Samples) -> Grey:
    """Take luma of RGB that a tool made of the file's pixels."""
    return _luma(pixels.astype(np.float64))


def _photometric(dataset: Dataset) -> str:
    return str(dataset.PhotometricInterpretation)


def _run(command: list[str], result: Path) -> None:
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode != 0 or not result.exists():
        text = (done.stderr + done.stdout).decode(errors="replace").strip().splitlines()
        msg = f"{command[0]}: {text[-1] if text else 'no output'}"
        raise NotDecodedError(msg)


def _native_samples(dataset: Dataset, index: int) -> Samples:
    """Give (H, W, samples) of uncompressed pixels, as they are stored."""
    rows, columns, count = dataset.Rows, dataset.Columns, dataset.SamplesPerPixel
    bits, data = dataset.BitsAllocated, dataset.PixelData
    if bits == 1:
        every = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return every[index * rows * columns :][: rows * columns].reshape(rows, columns, 1)
    is_big = str(dataset.file_meta.TransferSyntaxUID) == _BE
    kind = "i" if dataset.get("PixelRepresentation") else "u"
    if is_big and bits == 8 and dataset["PixelData"].VR == "OW":
        data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
    values = np.frombuffer(data, f"{'>' if is_big else '<'}{kind}{bits // 8}")
    if dataset.PhotometricInterpretation == "YBR_FULL_422":
        pairs = values[index * rows * columns * 2 :][: rows * columns * 2].reshape(-1, 4)
        red_blue = np.repeat(pairs[:, 2:], 2, axis=0)
        luma = pairs[:, :2].reshape(-1, 1)
        return np.hstack([luma, red_blue]).reshape(rows, columns, 3)
    size = rows * columns * count
    frame = values[index * size :][:size]
    if count > 1 and dataset.get("PlanarConfiguration"):
        return np.moveaxis(frame.reshape(count, rows, columns), 0, -1)
    return frame.reshape(rows, columns, count)


def _rle_samples(stream: bytes, dataset: Dataset) -> Samples:
    """Undo the byte segments of PS3.5 annex G; the runs are those of TIFF's PackBits."""
    import imagecodecs

    ends = [*np.frombuffer(stream[4:64], "<u4").tolist(), 0]
    count = int.from_bytes(stream[:4], "little")
    size, width = dataset.Rows * dataset.Columns, dataset.BitsAllocated // 8
    planes = []
    for number in range(count):
        end = ends[number + 1] if number + 1 < count else len(stream)
        plane = imagecodecs.packbits_decode(stream[ends[number] : end])
        planes.append(np.frombuffer(plane, np.uint8)[:size])
    kind = "i" if dataset.get("PixelRepresentation") else "u"
    stacked = np.stack(planes, axis=-1).reshape(size, dataset.SamplesPerPixel, width)
    values = np.ascontiguousarray(stacked).view(f">{kind}{width}")
    return values.reshape(dataset.Rows, dataset.Columns, dataset.SamplesPerPixel)


def _stream_samples(stream: bytes, dataset: Dataset) -> tuple[Samples, bool]:
    """Give (H, W, samples) of a compressed frame, and whether colour is RGB already."""
    import imagecodecs

    syntax = str(dataset.file_meta.TransferSyntaxUID)
    bits, is_signed = dataset.BitsStored, bool(dataset.get("PixelRepresentation"))
    if syntax in JPEG_DCT and _read_precision(stream) == 8:
        return _ffmpeg_samples(stream, "mjpeg")
    if syntax in JPEG_DCT:
        return _three_axes(imagecodecs.jpeg8_decode(stream)), False
    if syntax in JPEG_LOSSLESS:
        return _three_axes(imagecodecs.jpegsof3_decode(stream)), False
    if syntax in JPEG_LS and _is_interleaved_by_sample(stream):
        return _three_axes(imagecodecs.jpegls_decode(stream)), False  # FFmpeg cannot
    if syntax in JPEG_LS:
        return _ffmpeg_samples(stream, "jpegls")
    if syntax in JPEG_2000:
        samples, is_rgb = _ffmpeg_samples(stream, "jpeg2000")
        # FFmpeg counts signed samples from their least value.
        return (samples.astype(np.int64) - 2 ** (bits - 1) if is_signed else samples), is_rgb
    if syntax in HTJ2K:
        pixels = _three_axes(imagecodecs.htj2k_decode(stream))
        # OpenJPH gives planes where the stream has no colour transformation.
        is_planar = pixels.shape[:2] != (dataset.Rows, dataset.Columns)
        return (np.moveaxis(pixels, 0, -1) if is_planar else pixels), False
    msg = f"no decoder in Python for {syntax}"
    raise NotDecodedError(msg)


def _is_interleaved_by_sample(stream: bytes) -> bool:
    at = stream.find(b"\xff\xda")  # start of scan: length, components, two bytes for each, ...
    return stream[at + 6 + 2 * stream[at + 4]] == 2


def _ffmpeg_samples(stream: bytes, codec: str) -> tuple[Samples, bool]:
    """Decode one picture; chroma that was thinned out is interpolated between its pixels."""
    import av

    frame = _decode_video(codec, [stream])[0]
    name = frame.format.name
    if name.startswith("yuv"):
        planes = [_plane(plane, 1) for plane in frame.planes]
        rows, columns = planes[0].shape
        return np.dstack([_stretch(plane, rows, columns) for plane in planes]), False
    try:
        pixels = frame.to_ndarray()
    except (ValueError, av.FFmpegError) as error:
        msg = f"FFmpeg gave pixels of {name}"
        raise NotDecodedError(msg) from error
    # FFmpeg shifts samples up to the depth of its formats.
    shift = max(0, frame.format.components[0].bits - _read_precision(stream))
    return _three_axes(pixels >> shift), codec == "mjpeg" and name.startswith(("rgb", "gbr"))


def _read_precision(stream: bytes) -> int:
    """Read the bits of a sample: from SIZ of JPEG 2000, or the start of frame of JPEG(-LS)."""
    siz = stream.find(b"\xff\x4f\xff\x51")
    if siz >= 0:
        return (stream[siz + 42] & 0x7F) + 1
    at = min(
        at for marker in (0xC0, 0xC1, 0xC3, 0xF7) if (at := stream.find(bytes([255, marker]))) >= 0
    )
    return stream[at + 4]


def _decode_video(codec: str, packets: list[bytes]) -> list[Any]:
    import av

    context = av.CodecContext.create(codec, "r")
    try:
        frames = [frame for data in packets for frame in context.decode(av.Packet(data))]
        return frames + context.decode(None)
    except av.FFmpegError as error:
        msg = f"FFmpeg: {error}"
        raise NotDecodedError(msg) from error


def _plane(plane: Any, width: int) -> Samples:
    data = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return data[:, : plane.width * width]


def _stretch(plane: Samples, rows: int, columns: int) -> Samples:
    """Interpolate linearly between pixel centres, which lie within those that they stand for."""
    stretched = plane.astype(np.float64)
    for axis, size in ((0, rows), (1, columns)):
        factor = -(-size // plane.shape[axis])
        if factor > 1:
            at = np.clip((np.arange(size) + 0.5) / factor - 0.5, 0, plane.shape[axis] - 1)
            low = np.floor(at).astype(int)
            high = np.minimum(low + 1, plane.shape[axis] - 1)
            share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
            below, above = stretched.take(low, axis), stretched.take(high, axis)
            stretched = below + share * (above - below)
    return stretched


def _three_axes(pixels: Samples) -> Samples:
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _to_grey(samples: Samples, dataset: Dataset, photometric: str) -> Grey:
    """Apply the photometric interpretation to (H, W, samples)."""
    if photometric == "PALETTE COLOR":
        return _luma(_look_up(samples[..., 0], dataset))
    bits = int(dataset.BitsStored)
    if photometric.startswith("MONOCHROME"):
        first = 2 ** (bits - 1) if dataset.get("PixelRepresentation") else 0
        # What is above the stored bits is no pixel.
        stored = (samples[..., 0].astype(np.int64) + first) % 2**bits - first
        every = np.array([-first, 2**bits - 1 - first])
        grey = 255 * _to_shares(stored, every, dataset)
        return 255 - grey if photometric == "MONOCHROME1" else grey
    values = np.rint(samples.astype(np.float64) * (255 / (2.0**bits - 1)))
    return _luma(_to_rgb(values) if photometric.startswith("YBR_FULL") else values)


def _to_shares(stored: Samples, ends: Samples, dataset: Dataset) -> Grey:
    """Apply Modality and VOI LUT, or window; 0 is the least grey value and 1 the greatest."""
    if "ModalityLUTSequence" in dataset:
        table = _lut(dataset.ModalityLUTSequence[0])
        values = table(stored)
        low, high = table(np.arange(ends[0], ends[1] + 1))[[0, -1]]
    else:
        slope, intercept = (
            float(dataset.get(keyword, default))
            for keyword, default in (("RescaleSlope", 1), ("RescaleIntercept", 0))
        )
        values, (low, high) = stored * slope + intercept, np.sort(ends * slope + intercept)
    if "VOILUTSequence" in dataset:
        item = dataset.VOILUTSequence[0]
        return np.asarray(_lut(item)(values.astype(np.int64)) / (2.0 ** item.LUTDescriptor[2] - 1))
    if "WindowWidth" in dataset:
        centre, width = (
            float(np.atleast_1d(dataset[keyword].value)[0])
            for keyword in ("WindowCenter", "WindowWidth")
        )
        # PS3.3 section C.11.2.1.2.1
        return np.clip((values - (centre - 0.5)) / max(width - 1, 1e-9) + 0.5, 0, 1)
    return np.asarray((values - low) / (high - low))


def _lut(item: Dataset) -> Callable[[Samples], Grey]:
    first = item.LUTDescriptor[1]
    data = item.LUTData
    table = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data)
    return lambda values: table[np.clip(values - first, 0, len(table) - 1)].astype(np.float64)


def _look_up(indices: Samples, dataset: Dataset) -> Grey:
    """Look colours up, 0 to 255 (PS3.3 section C.7.6.3.1.5 and .6)."""
    tables = [_palette_table(dataset, colour) for colour in ("Red", "Green", "Blue")]
    first = dataset.RedPaletteColorLookupTableDescriptor[1]  # the same of all three
    # Values of 8 bits that are only padded to 16, of which the standard tells.
    is_wide = max(table.max() for table in tables) > 255
    at = indices.astype(np.int64) - first
    colours = [table[np.clip(at, 0, len(table) - 1)] for table in tables]
    return np.rint(np.dstack(colours) * (255 / 65535 if is_wide else 1))


def _palette_table(dataset: Dataset, colour: str) -> Grey:
    entries = dataset[f"{colour}PaletteColorLookupTableDescriptor"].value[0] or 65536
    order = ">" if str(dataset.file_meta.TransferSyntaxUID) == _BE else "<"
    segmented = dataset.get(f"Segmented{colour}PaletteColorLookupTableData")
    if segmented is not None:
        return _expand_segments(np.frombuffer(segmented, f"{order}u2").tolist())
    data = dataset[f"{colour}PaletteColorLookupTableData"].value
    kind = "u1" if len(data) < 2 * entries else f"{order}u2"
    return np.frombuffer(data, kind)[:entries].astype(np.float64)


def _expand_segments(words: list[int]) -> Grey:
    """Expand discrete (0) and linear (1) segments, PS3.3 section C.7.9.2; others are not met."""
    values: list[float] = []
    while words:
        kind, length, words = words[0], words[1], words[2:]
        if kind == 0:
            values, words = values + words[:length], words[length:]
        elif kind == 1:
            values += np.linspace(values[-1], words[0], length + 1)[1:].tolist()
            words = words[1:]
        else:
            msg = f"segment of kind {kind} in a palette"
            raise NotDecodedError(msg)
    return np.array(values, np.float64)


def _to_rgb(ybr: Grey) -> Grey:
    """Solve the equations of PS3.3 section C.7.6.3.1.2; what RGB cannot hold is clipped."""
    luma, blue, red = (ybr[..., band] - (128 if band else 0) for band in range(3))
    green = luma - 0.114 * 1.772 / 0.587 * blue - 0.299 * 1.402 / 0.587 * red
    rgb = np.stack([luma + 1.402 * red, green, luma + 1.772 * blue], axis=-1)
    return np.rint(rgb).clip(0, 255)


def _luma(rgb: Grey) -> Grey:
    """ITU-R BT.601, in whole numbers."""
    return np.rint(rgb @ np.array([0.299, 0.587, 0.114]))


_CLASSIC = NATIVE | {RLE} | JPEG_DCT | JPEG_LOSSLESS | JPEG_LS

_GDCM = (_CLASSIC | JPEG_2000) - {_DEFLATED}
_PYTHON = _CLASSIC | JPEG_2000 | HTJ2K

DECODERS = (
    Decoder("dcmtk", ("dcmj2pnm", "dcml2pnm"), "dcmtk", frozenset(_CLASSIC), decode_with_dcmtk),
    Decoder("gdcm", ("gdcmconv",), "libgdcm-tools", frozenset(_GDCM), decode_with_gdcm),
    Decoder("python", (), "", frozenset(_PYTHON), decode_with_python),
)
