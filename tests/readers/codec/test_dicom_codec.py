"""Single frames in every compressed syntax, mostly encoded here.

Images of 48 x 80 px: the orientation phantom, with noise so that no two pixels take each other's
place, as 8 bits, colour, 12 of 16 bits and signed. `HTJ2K` and `EXTENDED` are streams of ramps, 8 x
16 px, by OpenJPH 0.26 and dcmtk 3.6.7, as nothing that tests may need encodes them.
"""

import io
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pytest
from numpy.typing import NDArray
from orientation_phantom import make_orientation_phantom
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.pixels.encoders import (
    JPEG2000LosslessEncoder,
    JPEGLSLosslessEncoder,
    JPEGLSNearLosslessEncoder,
    RLELosslessEncoder,
)
from pydicom.uid import (
    HTJ2K,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from pipeline.errors import ReadError
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.codec import dicom_codec
from pipeline.readers.codec.codec_worker import shared_codec_worker
from pipeline.readers.codec.dicom_codec import decode_dicom_frame

PHANTOM, _ = make_orientation_phantom(48, 80)
NOISE = np.random.default_rng(0).integers(-9, 10, PHANTOM.shape)
GREY = np.clip(PHANTOM + NOISE, 0, 255).astype(np.uint8)
RGB = np.dstack([GREY, GREY[::-1], 255 - GREY])
IMAGES: dict[str, NDArray[Any]] = {
    "grey": GREY,
    "colour": RGB,
    "12-bit": GREY.astype(np.uint16) * 16 + 5,
    "signed": ((GREY.astype(np.int16) - 100) * 50),
}

RAMP = (np.arange(8)[:, None] * 16 + np.arange(16) * 3).astype(np.uint8)
HTJ2K_RAMP = bytes.fromhex(
    "ff4fff510029400000000010000000080000000000000000000000100000000800000000000000000001070101ff50"
    "0008000200000002ff52000c00020001000504044001ff5c00132048505050505050505050505050484848ff640017"
    "00014f70656e4a50482056657220302e32362e332eff90000a0000000000570001ff93c025990107740000c01280f6"
    "00077400c012401300fa313300909000423400c012c01520e48042740046c330fe00e4a75500c02680560000e629e2"
    "7500dedddddde8727bf7c9ecb800ffd9"
)
EXTENDED_RAMP = np.arange(8)[:, None] * 512 + np.arange(16) * 30
EXTENDED_RAMP[-1, -1] = 4095
EXTENDED = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + 64 * "01"
    + "ffc1000b0c0008001001011100ffc4001400010000000000000000000000000000000bffc4002310000300000406"
    "0300000000000000000002030401070a0e0005092a3649556773ffda0008010100003f00347d3b9b6e37c1bb0bfe"
    "3bd6dfe5f5af0f11a74b6dc1d57d597b0c3a09a8b6db68e512471c9d35594555d5431099e69a74e599b5f43da60a"
    "4a5406c6b08400488b0c31ffd9"
)


def describe(image: NDArray[Any], syntax: str, **changes: Any) -> dict[str, Any]:
    bits = 8 * image.dtype.itemsize
    return {
        "transfer_syntax": str(syntax),
        "rows": image.shape[0],
        "columns": image.shape[1],
        "samples_per_pixel": 3 if image.ndim == 3 else 1,
        "photometric_interpretation": "RGB" if image.ndim == 3 else "MONOCHROME2",
        "bits_allocated": bits,
        "bits_stored": 12 if image.dtype == np.uint16 else bits,
        "pixel_representation": int(image.dtype.kind == "i"),
        "planar_configuration": 0,
        **changes,
    }


def encode(encoder: Any, image: NDArray[Any], **options: Any) -> bytes:
    # Not by GDCM, whose encoder of RLE crashes.
    options["encoding_plugin"] = "pyjpegls" if "LS" in encoder.UID.keyword else "pylibjpeg"
    attributes = describe(image, "")
    attributes.pop("transfer_syntax")
    stream: bytes = encoder.encode(image, number_of_frames=1, **attributes, **options)
    return stream


def encode_lossless_jpeg(image: NDArray[Any], syntax: UID, folder: Path) -> bytes:
    """Encode by GDCM, which takes files only."""
    dataset = make_phantom_dataset(np.zeros(image.shape[:2], np.uint8))
    options = describe(image, syntax)
    dataset.SamplesPerPixel = options["samples_per_pixel"]
    dataset.PhotometricInterpretation = options["photometric_interpretation"]
    if image.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored = options["bits_allocated"], options["bits_stored"]
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = options["pixel_representation"]
    dataset.PixelData = image.tobytes()
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    dataset.save_as(folder / "plain.dcm", enforce_file_format=True)
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), None
    reader.SetFileName(str(folder / "plain.dcm"))
    assert reader.Read()
    number = gdcm.TransferSyntax.GetTSType(str.__str__(syntax))
    change.SetTransferSyntax(gdcm.TransferSyntax(number))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(folder / "lossless.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return take_frame(folder / "lossless.dcm", syntax)


def take_frame(path: Path, syntax: UID) -> bytes:
    dataset = dcmread(path)
    assert dataset.file_meta.TransferSyntaxUID == syntax
    return next(generate_frames(dataset.PixelData, number_of_frames=1))


def encode_lossless(image: NDArray[Any], syntax: UID, folder: Path) -> bytes:
    if syntax == RLELossless:
        return encode(RLELosslessEncoder, image)
    if syntax == JPEGLSLossless:
        return encode(JPEGLSLosslessEncoder, image)
    if syntax == JPEG2000Lossless:
        return encode(JPEG2000LosslessEncoder, image)
    return encode_lossless_jpeg(image, syntax, folder)


LOSSLESS = [RLELossless, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless]


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.keyword)
def test_lossless_syntax_gives_back_every_value(syntax: UID, kind: str, tmp_path: Path) -> None:
    image = IMAGES[kind]
    stream = encode_lossless(image, syntax, tmp_path)
    meta, pixels = shared_codec_worker().call("dicom_frame", describe(image, syntax), stream)
    photometric = "RGB" if image.ndim == 3 else "MONOCHROME2"
    assert meta == {"photometric_interpretation": photometric}
    assert (pixels.dtype, pixels.shape) == (image.dtype, image.shape)
    assert np.array_equal(pixels, image)


def test_near_lossless_jpeg_ls_is_as_near_as_it_says() -> None:
    stream = encode(JPEGLSNearLosslessEncoder, GREY, jls_error=2)
    _, pixels = decode_dicom_frame(describe(GREY, JPEGLSNearLossless), stream)
    assert 0 < np.abs(pixels.astype(int) - GREY).max() <= 2


@pytest.mark.parametrize("photometric", ["YBR_RCT", "RGB"])
def test_colour_transform_of_jpeg_2000_is_undone(photometric: str) -> None:
    stream = encode_jpeg2000(RGB, mct=1)
    arguments = describe(RGB, JPEG2000Lossless, photometric_interpretation=photometric)
    meta, pixels = decode_dicom_frame(arguments, stream)
    assert meta == {"photometric_interpretation": "RGB"}
    assert np.array_equal(pixels, RGB)


def encode_jpeg2000(image: NDArray[np.uint8], **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG2000", no_jp2=True, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K])
def test_high_throughput_jpeg_2000(syntax: UID) -> None:
    _, pixels = decode_dicom_frame(describe(RAMP, syntax), HTJ2K_RAMP)
    assert np.array_equal(pixels, RAMP)


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
@pytest.mark.parametrize("stored", [8, 12, 16])
def test_jpeg_of_12_bits_keeps_them_whatever_the_header_says(syntax: UID, stored: int) -> None:
    image = EXTENDED_RAMP.astype(np.uint16)
    arguments = describe(image, syntax, bits_stored=stored)
    meta, pixels = decode_dicom_frame(arguments, EXTENDED)
    assert meta == {"photometric_interpretation": "MONOCHROME2"}
    assert np.abs(pixels.astype(int) - image).max() <= 1


def test_jpeg_of_16_bits_is_refused_as_there_is_none() -> None:
    stream = bytearray(EXTENDED)
    stream[stream.index(b"\xff\xc1") + 4] = 16
    with pytest.raises(ReadError, match="expected a JPEG of 8 or 12 bits, got one of 16"):
        decode_dicom_frame(describe(EXTENDED_RAMP.astype(np.uint16), JPEGExtended12Bit), stream)


def encode_jpeg(image: NDArray[np.uint8], **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=98, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["sequential", "progressive"])
def test_grey_jpeg(syntax: UID, options: dict[str, Any]) -> None:
    meta, pixels = decode_dicom_frame(describe(GREY, syntax), encode_jpeg(GREY, **options))
    assert meta == {"photometric_interpretation": "MONOCHROME2"}
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - GREY).max() <= 4


def rebuild(
    stream: bytes, *, jfif: bool = False, adobe: int | None = None, names: bytes = b"\1\2\3"
) -> bytes:
    """Replace the markers of a colour stream, and the names of its components."""
    result = bytearray(b"\xff\xd8")
    if jfif:
        result += bytes.fromhex("ffe0 0010 4a46494600 0101 00 0001 0001 0000")
    if adobe is not None:
        result += b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([adobe])
    position, marker = 2, 0
    while marker != 0xDA:
        marker = stream[position + 1]
        end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
        segment = bytearray(stream[position:end])
        if marker in (0xC0, 0xDA):
            start, step = (10, 3) if marker == 0xC0 else (5, 2)
            segment[start : start + 3 * step : step] = names
        if marker not in (0xE0, 0xEE):
            result += segment
        position = end
    return bytes(result + stream[position:])


# Smooth, so that thinned out colours come back as they were.
ROWS, COLUMNS = np.mgrid[:48, :80]
SMOOTH = np.dstack([4 * ROWS, 2 * COLUMNS, 200 - ROWS - COLUMNS]).astype(np.uint8)
YBR = np.asarray(Image.fromarray(SMOOTH).convert("YCbCr"))
YBR_STREAM = encode_jpeg(SMOOTH, subsampling=0)
YBR_422_STREAM = encode_jpeg(SMOOTH, subsampling=1)
RGB_STREAM = encode_jpeg(SMOOTH, keep_rgb=True, subsampling=0)
ANY, YBR_ONLY, RGB_ONLY = ("YBR_FULL", "YBR_FULL_422", "RGB"), ("YBR_FULL",), ("RGB",)
COLOURS = {
    "ybr-jfif": (rebuild(YBR_STREAM, jfif=True), True, ANY),
    "ybr-adobe": (rebuild(YBR_STREAM, adobe=1), True, ANY),
    "ybr-jfif-adobe": (rebuild(YBR_STREAM, jfif=True, adobe=1), True, ANY),
    "ybr-jfif-before-adobe": (rebuild(YBR_STREAM, jfif=True, adobe=0), True, ANY),
    "ybr-422": (rebuild(YBR_422_STREAM), True, ANY),
    "ybr-422-adobe": (rebuild(YBR_422_STREAM, adobe=1), True, ANY),
    "ybr-says-header": (rebuild(YBR_STREAM), True, YBR_ONLY),
    "rgb-adobe": (rebuild(RGB_STREAM, adobe=0), False, ANY),
    "rgb-names": (rebuild(RGB_STREAM, names=b"RGB"), False, ANY),
    "rgb-names-adobe": (rebuild(RGB_STREAM, adobe=0, names=b"rgb"), False, ANY),
    "rgb-says-header": (rebuild(RGB_STREAM), False, RGB_ONLY),
}


@pytest.mark.parametrize(
    ("name", "photometric"), [(name, pi) for name, (_, _, pis) in COLOURS.items() for pi in pis]
)
def test_colours_are_what_they_are_called(name: str, photometric: str) -> None:
    stream, is_ybr, _ = COLOURS[name]
    arguments = describe(SMOOTH, JPEGBaseline8Bit, photometric_interpretation=photometric)
    meta, pixels = decode_dicom_frame(arguments, stream)
    assert meta["photometric_interpretation"].startswith("YBR" if is_ybr else "RGB")
    assert np.abs(pixels.astype(int) - (YBR if is_ybr else SMOOTH)).max() <= 4


def test_ybr_of_a_syntax_without_markers_is_left_as_it_is() -> None:
    stream = encode(RLELosslessEncoder, RGB)
    arguments = describe(RGB, RLELossless, photometric_interpretation="YBR_FULL")
    meta, pixels = decode_dicom_frame(arguments, stream)
    assert meta == {"photometric_interpretation": "YBR_FULL"}
    assert np.array_equal(pixels, RGB)


def test_lossless_stream_under_the_name_of_a_lossy_syntax(tmp_path: Path) -> None:
    stream = encode_lossless_jpeg(GREY, JPEGLosslessSV1, tmp_path)
    _, pixels = decode_dicom_frame(describe(GREY, JPEGBaseline8Bit), stream)
    assert np.array_equal(pixels, GREY)


def test_next_plugin_is_asked_if_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow cannot read colours of more than 8 bits."""
    image = RGB.astype(np.uint16) * 16 + 5
    stream = encode(JPEG2000LosslessEncoder, image)
    arguments = describe(image, JPEG2000Lossless)
    monkeypatch.setitem(dicom_codec._PLUGINS, JPEG2000Lossless, ("pillow",))
    with pytest.raises(ReadError):
        decode_dicom_frame(arguments, stream)
    monkeypatch.setitem(dicom_codec._PLUGINS, JPEG2000Lossless, ("pillow", "gdcm"))
    assert np.array_equal(decode_dicom_frame(arguments, stream)[1], image)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.97])
@pytest.mark.parametrize("syntax", [*LOSSLESS, JPEGBaseline8Bit], ids=lambda uid: uid.keyword)
def test_stream_that_is_cut_off(syntax: UID, share: float, tmp_path: Path) -> None:
    is_lossy = syntax == JPEGBaseline8Bit
    stream = encode_jpeg(GREY) if is_lossy else encode_lossless(GREY, syntax, tmp_path)
    with pytest.raises(ReadError, match=r"expected (?!pixels within)"):  # not stopped as late
        shared_codec_worker().call(
            "dicom_frame", describe(GREY, syntax), stream[: int(share * len(stream))]
        )


@pytest.mark.parametrize(
    "change", [{"rows": 80}, {"columns": 40}, {"samples_per_pixel": 3}], ids=str
)
def test_stream_of_another_size_than_the_header_tells(change: dict[str, int]) -> None:
    with pytest.raises(ReadError, match="rows, columns and samples, got another"):
        decode_dicom_frame({**describe(GREY, JPEGBaseline8Bit), **change}, encode_jpeg(GREY))


def test_application_data_is_passed_over() -> None:
    """It may be anything, as a preview of the image, and say that it is turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = encode_jpeg(GREY, exif=exif, comment=b"SECRET NAME")
    _, pixels = decode_dicom_frame(describe(GREY, JPEGBaseline8Bit), stream)
    assert np.abs(pixels.astype(int) - GREY).max() <= 4


@pytest.mark.parametrize("syntax", [*LOSSLESS, JPEGBaseline8Bit], ids=lambda uid: uid.keyword)
@pytest.mark.parametrize("stream", [b"", b"SECRET NAME" * 20, b"\xff\xd8\xff\xd9"])
def test_what_is_no_stream_at_all(syntax: UID, stream: bytes) -> None:
    with pytest.raises(ReadError, match="expected") as caught:
        shared_codec_worker().call("dicom_frame", describe(GREY, syntax), stream)
    assert "SECRET" not in str(caught.value)
