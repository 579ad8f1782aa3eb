"""Grey values against formulas of their own: PS3.3 sections C.7.6.3.1.5, C.11.1 and C.11.2.

Every stored value is decoded once: (1, 2^bits stored), from the smallest to the largest.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.errors import ReadError
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.dicom.dicom_grey import DicomGrey

FloatArray = NDArray[np.float64]


def make_dataset(
    photometric: str = "MONOCHROME2",
    bits: int = 8,
    *,
    is_signed: bool = False,
    **attributes: object,
) -> Dataset:
    dataset = Dataset()
    dataset.set_original_encoding(False, True, "iso8859")
    dataset.PhotometricInterpretation = photometric
    dataset.SamplesPerPixel = 1
    dataset.BitsAllocated, dataset.BitsStored = (8 if bits <= 8 else 16), bits
    dataset.PixelRepresentation = int(is_signed)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def stored_values(bits: int, *, is_signed: bool = False) -> NDArray[np.integer]:
    least = -(2 ** (bits - 1)) if is_signed else 0
    values = np.arange(least, least + 2**bits)
    width = 8 if bits <= 8 else 16
    return values.astype(f"{'i' if is_signed else 'u'}{width // 8}")[None]


def to_grey(dataset: Dataset) -> NDArray[np.float32]:
    """Grey of every stored value; nothing may have been left out."""
    bits, is_signed = dataset.BitsStored, dataset.PixelRepresentation == 1
    with quiet_decoders():
        grey = DicomGrey(dataset)
        values = grey(stored_values(bits, is_signed=is_signed), dataset.PhotometricInterpretation)
    assert grey.remarks == ()
    assert values.dtype == np.float32
    return values[0]


def apply_window(x: FloatArray, center: float, width: float, function: str) -> FloatArray:
    """C.11.2.1.2 and C.11.2.1.3 for each value, with ymin 0 and ymax 255."""
    y = np.empty_like(x)
    for at, value in enumerate(x):
        if function == "SIGMOID":
            y[at] = 255 / (1 + np.exp(-4 * (value - center) / width))
            continue
        c, w = (center - 0.5, width - 1) if function == "LINEAR" else (center, width)
        if value <= c - w / 2:
            y[at] = 0
        elif value > c + w / 2:
            y[at] = 255
        else:
            y[at] = ((value - c) / w + 0.5) * 255
    return y


def make_lut(entries: list[int], first: int, bits: int, count: int | None = None) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [count or len(entries), first, bits]
    item["LUTDescriptor"].VR = "US" if first >= 0 else "SS"
    item.LUTData = entries
    item["LUTData"].VR = "US"
    return item


def add_palette(dataset: Dataset, table: NDArray[np.integer], first: int, bits: int) -> Dataset:
    """Add (N, 3) entries."""
    for channel, colour in enumerate(("Red", "Green", "Blue")):
        descriptor = [len(table) % 65536, first, bits]
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", descriptor)
        data = np.ascontiguousarray(table[:, channel]).tobytes()
        setattr(dataset, f"{colour}PaletteColorLookupTableData", data)
    return dataset


def test_8_bits_stay() -> None:
    assert np.array_equal(to_grey(make_dataset()), np.arange(256))


@pytest.mark.parametrize("bits", [1, 7, 10, 12, 16])
def test_other_depths_are_scaled(bits: int) -> None:
    expected = np.arange(2**bits) * 255 / (2**bits - 1)
    assert np.allclose(to_grey(make_dataset(bits=bits)), expected, atol=1e-4)


@pytest.mark.parametrize("bits", [8, 12])
def test_smallest_signed_value_is_black(bits: int) -> None:
    expected = np.arange(2**bits) * 255 / (2**bits - 1)
    assert np.allclose(to_grey(make_dataset(bits=bits, is_signed=True)), expected, atol=1e-4)


@pytest.mark.parametrize("bits", [8, 12])
def test_monochrome_1_is_inverted(bits: int) -> None:
    expected = 255 - np.arange(2**bits) * 255 / (2**bits - 1)
    assert np.allclose(to_grey(make_dataset("MONOCHROME1", bits)), expected, atol=1e-4)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(128, 256), (100, 50), (40.5, 1), (0, 600)])
def test_window(function: str, center: float, width: float) -> None:
    window = {"WindowCenter": center, "WindowWidth": width, "VOILUTFunction": function}
    expected = apply_window(np.arange(256.0), center, width, function)
    assert np.allclose(to_grey(make_dataset(**window)), expected, atol=1e-3)


def test_window_of_all_values_changes_nothing() -> None:
    grey = to_grey(make_dataset(WindowCenter=128, WindowWidth=256))
    assert np.allclose(grey, np.arange(256), atol=1e-4)


def test_window_wider_than_the_values_is_not_stretched() -> None:
    grey = to_grey(make_dataset(WindowCenter=128, WindowWidth=512))
    assert 60 < grey.min() < 65
    assert 190 < grey.max() < 195


def test_first_of_several_windows() -> None:
    grey = to_grey(make_dataset(WindowCenter=[100, 30], WindowWidth=[50, 20]))
    assert np.allclose(grey, apply_window(np.arange(256.0), 100, 50, "LINEAR"), atol=1e-3)


def test_window_of_monochrome_1_is_inverted_behind() -> None:
    grey = to_grey(make_dataset("MONOCHROME1", WindowCenter=60, WindowWidth=80))
    assert np.allclose(grey, 255 - apply_window(np.arange(256.0), 60, 80, "LINEAR"), atol=1e-3)


def test_window_of_signed_values() -> None:
    grey = to_grey(make_dataset(is_signed=True, WindowCenter=-20, WindowWidth=100))
    expected = apply_window(np.arange(-128.0, 128), -20, 100, "LINEAR")
    assert np.allclose(grey, expected, atol=1e-3)


@pytest.mark.parametrize(("slope", "intercept"), [(2.0, -100.0), (0.5, 7.0), (-1.0, 255.0)])
def test_window_counts_in_rescaled_values(slope: float, intercept: float) -> None:
    rescale = {"RescaleSlope": slope, "RescaleIntercept": intercept}
    grey = to_grey(make_dataset(WindowCenter=90, WindowWidth=120, **rescale))
    expected = apply_window(np.arange(256) * slope + intercept, 90, 120, "LINEAR")
    assert np.allclose(grey, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("slope", "expected"), [(3.0, np.arange(256)), (-3.0, 255 - np.arange(256))]
)
def test_rescale_without_a_window_goes_to_the_whole_range(
    slope: float, expected: FloatArray
) -> None:
    grey = to_grey(make_dataset(RescaleSlope=slope, RescaleIntercept=11))
    assert np.allclose(grey, expected, atol=1e-4)


@pytest.mark.parametrize("bits", [8, 12])
def test_voi_lut_clips_at_its_ends(bits: int) -> None:
    entries = np.rint(np.linspace(0, 1, 100) ** 2 * (2**bits - 1)).astype(int)
    grey = to_grey(make_dataset(VOILUTSequence=[make_lut(entries.tolist(), 50, bits)]))
    expected = entries[np.clip(np.arange(256) - 50, 0, 99)] * 255 / (2**bits - 1)
    assert np.allclose(grey, expected, atol=1e-3)


@pytest.mark.parametrize("keyword", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize("kind", ["numbers", "words", "bytes"])
def test_lut_of_8_bits_for_12_bits_stored(kind: str, keyword: str) -> None:
    entries = np.arange(4095, -1, -1) // 16
    lut = make_lut(entries.tolist(), 0, 8)
    if kind != "numbers":
        data = entries.astype("<u2" if kind == "words" else np.uint8).tobytes()
        lut.add_new("LUTData", "OW", data)
    grey = to_grey(make_dataset(bits=12, **{keyword: [lut]}))
    assert np.allclose(grey, entries, atol=1e-3)


def test_words_of_a_lut_in_big_endian() -> None:
    dataset = make_dataset(VOILUTSequence=[make_lut(list(range(255, -1, -1)), 0, 8)])
    lut = dataset.VOILUTSequence[0]
    lut.add_new("LUTData", "OW", np.arange(255, -1, -1).astype(">u2").tobytes())
    dataset.set_original_encoding(False, False, "iso8859")
    assert np.array_equal(to_grey(dataset), 255 - np.arange(256))


def test_lut_of_values_below_0_whose_first_one_is_written_without_sign() -> None:
    lut = make_lut(list(range(256)), 65536 - 128, 8)
    grey = to_grey(make_dataset(is_signed=True, VOILUTSequence=[lut]))
    assert np.array_equal(grey, np.arange(256))


def test_voi_lut_that_is_not_white_at_its_end_is_not_stretched() -> None:
    grey = to_grey(
        make_dataset(VOILUTSequence=[make_lut([value // 2 for value in range(256)], 0, 8)])
    )
    assert np.allclose(grey, np.arange(256) // 2, atol=1e-3)


def test_voi_lut_comes_before_a_window() -> None:
    lut = make_lut(list(range(255, -1, -1)), 0, 8)
    grey = to_grey(make_dataset(VOILUTSequence=[lut], WindowCenter=30, WindowWidth=20))
    assert np.allclose(grey, 255 - np.arange(256), atol=1e-3)


def test_modality_lut_with_a_window() -> None:
    entries = [min(2 * value, 255) for value in range(256)]
    lut = make_lut(entries, 0, 16)
    grey = to_grey(make_dataset(ModalityLUTSequence=[lut], WindowCenter=128, WindowWidth=100))
    expected = apply_window(np.array(entries, float), 128, 100, "LINEAR")
    assert np.allclose(grey, expected, atol=1e-3)


@pytest.mark.parametrize(
    "attributes",
    [
        {"WindowCenter": 100, "WindowWidth": 0},
        {"WindowCenter": 100, "WindowWidth": 50, "VOILUTFunction": "CUBIC"},
        {"VOILUTSequence": [Dataset()]},
        {"VOILUTSequence": [make_lut([1, 2, 3], 0, 9)]},
        {"VOILUTSequence": [Dataset()], "WindowCenter": 100, "WindowWidth": 50},
        {"RescaleSlope": "1e400", "RescaleIntercept": 0},
        {"ModalityLUTSequence": [Dataset()]},
        {"VOILUTSequence": [make_lut([300] * 256, 0, 8)]},
        {"VOILUTSequence": [make_lut([1, 2, 3], 0, 8, count=4)]},
        {"VOILUTSequence": [make_lut([1, 2, 3], 0, 8, count=2)]},
        {"ModalityLUTSequence": [make_lut(list(range(4096)), 0, 10)]},
    ],
)
def test_broken_window_or_lut_is_a_remark(attributes: dict) -> None:
    with quiet_decoders():
        grey = DicomGrey(make_dataset(**attributes))
        values = grey(stored_values(8), "MONOCHROME2")
    assert np.allclose(values, np.arange(256), atol=1e-3)
    (remark,) = grey.remarks
    assert "was not followed" in remark


@pytest.mark.parametrize("attributes", [{"WindowWidth": 50}, {"WindowCenter": 50}])
def test_half_a_window_is_none(attributes: dict) -> None:
    assert np.array_equal(to_grey(make_dataset(**attributes)), np.arange(256))


@pytest.mark.parametrize("empty", ["", None])
def test_empty_window_is_none(empty: str | None) -> None:
    window = {"WindowCenter": empty, "WindowWidth": empty, "RescaleSlope": empty}
    assert np.array_equal(to_grey(make_dataset(VOILUTSequence=[], **window)), np.arange(256))


def luma(rgb: NDArray[np.integer]) -> FloatArray:
    """ITU-R BT.601."""
    return rgb @ np.array([0.299, 0.587, 0.114])


def test_palette_of_8_bits() -> None:
    table = np.random.default_rng(0).integers(0, 256, (256, 3), dtype=np.uint8)
    grey = to_grey(add_palette(make_dataset("PALETTE COLOR"), table, 0, 8))
    assert np.abs(grey - luma(table)).max() < 0.51


def test_palette_of_16_bits() -> None:
    table = np.random.default_rng(0).integers(0, 65536, (256, 3)).astype("<u2")
    grey = to_grey(add_palette(make_dataset("PALETTE COLOR"), table, 0, 16))
    assert np.abs(grey - luma(table / 257)).max() < 1.01


@pytest.mark.parametrize("first", [0, 100])
@pytest.mark.parametrize("bits", [8, 16])
def test_palette_that_is_shorter_than_the_values(bits: int, first: int) -> None:
    table = np.random.default_rng(0).integers(1, 2**bits, (50, 3)).astype(f"<u{bits // 8}")
    grey = to_grey(add_palette(make_dataset("PALETTE COLOR", 10), table, first, bits))
    at = np.clip(np.arange(1024) - first, 0, 49)
    assert np.abs(grey - luma(table[at] * (255 / (2**bits - 1)))).max() < 1.01


def test_palette_of_signed_values() -> None:
    table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    dataset = make_dataset("PALETTE COLOR", is_signed=True)
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "SS", [256, -128, 8])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", table[:, 0].tobytes())
    assert np.array_equal(to_grey(dataset), np.arange(256))


def add_segments(dataset: Dataset, segments: list[int], bits: int, order: str = "<") -> Dataset:
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, bits])
        data = np.array(segments, f"{order}u{bits // 8}").tobytes()
        setattr(dataset, f"Segmented{colour}PaletteColorLookupTableData", data)
    return dataset


@pytest.mark.parametrize("bits", [8, 16])
def test_segmented_palette(bits: int) -> None:
    white = 2**bits - 1
    # One black entry, 254 in a line to 254/255 of white, and one of white: a ramp.
    segments = [0, 1, 0, 1, 254, white * 254 // 255, 0, 1, white]
    grey = to_grey(add_segments(make_dataset("PALETTE COLOR"), segments, bits))
    assert np.allclose(grey, np.arange(256), atol=0.51)


@pytest.mark.parametrize("count", [255, 256])
def test_padding_behind_a_palette(count: int) -> None:
    table = np.repeat(np.arange(255, 255 - count, -1, dtype=np.uint8)[:, None], 3, axis=1)
    dataset = add_palette(make_dataset("PALETTE COLOR"), table, 0, 8)
    for colour in ("Red", "Green", "Blue"):
        dataset[f"{colour}PaletteColorLookupTableData"].value += b"\0"
    assert np.array_equal(to_grey(dataset)[:count], table[:, 0])


@pytest.mark.parametrize(
    ("keyword", "value", "reason"),
    [
        ("GreenPaletteColorLookupTableDescriptor", [256, 0, 16], r"\(0028,1101\) .* of the same"),
        ("GreenPaletteColorLookupTableDescriptor", None, r"\(0028,1101\) .* got none or others"),
        ("BluePaletteColorLookupTableData", b"", "of 256 entries, got 0 bytes"),
        ("BluePaletteColorLookupTableData", bytes(255), "of 256 entries, got 255 bytes"),
    ],
)
def test_palette_that_is_damaged_is_refused(keyword: str, value: Any, reason: str) -> None:
    table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    dataset = add_palette(make_dataset("PALETTE COLOR"), table, 0, 8)
    setattr(dataset, keyword, value)
    with quiet_decoders(), pytest.raises(ReadError, match=reason):
        DicomGrey(dataset)


@pytest.mark.parametrize("is_segmented", [False, True])
def test_palette_of_16_bits_in_big_endian(is_segmented: bool) -> None:
    dataset = make_dataset("PALETTE COLOR")
    dataset.set_original_encoding(False, False, "iso8859")
    if is_segmented:
        dataset = add_segments(dataset, [0, 1, 0, 1, 254, 254 * 257, 0, 1, 65535], 16, ">")
    else:
        table = np.repeat(np.arange(256)[:, None] * 257, 3, axis=1).astype(">u2")
        dataset = add_palette(dataset, table, 0, 16)
    assert np.allclose(to_grey(dataset), np.arange(256), atol=0.51)


@pytest.mark.parametrize(
    "segments",
    [[0, 1, 7, *[1, 60000, 9] * 3], [0, 1, 7, 2, 1, 0, 0], [0, 1, 7, 9, 1, 0]],
    ids=["bomb", "indirect", "unknown"],
)
def test_segments_that_grow_are_refused(segments: list[int]) -> None:
    with pytest.raises(ReadError, match="expected discrete and linear segments of 65536 entries"):
        DicomGrey(add_segments(make_dataset("PALETTE COLOR"), segments, 16))


def test_luma_of_grey_ybr_is_its_first_sample() -> None:
    pixels = np.random.default_rng(0).integers(126, 131, (4, 5, 3), dtype=np.uint8)
    pixels[..., 0] = np.random.default_rng(1).integers(0, 256, (4, 5))
    grey = DicomGrey(make_dataset("YBR_FULL"))(pixels, "YBR_FULL")
    assert np.array_equal(grey, pixels[..., 0])


def test_luma_of_coloured_ybr_is_that_of_what_rgb_can_show() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    grey = DicomGrey(make_dataset("YBR_FULL"))(pixels.copy(), "YBR_FULL")
    y, cb, cr = np.moveaxis(pixels.astype(float), -1, 0)
    # PS3.3 section C.7.6.3.1.2, solved for RGB.
    red, blue = y + 1.402 * (cr - 128), y + 1.772 * (cb - 128)
    green = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)
    rgb = np.stack([red, green, blue], axis=-1).round().clip(0, 255)
    assert np.abs(grey - luma(rgb)).max() <= 1.5
    assert np.abs(grey - y).max() > 10


def test_colour_that_was_decoded_becomes_luma() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    grey = DicomGrey(make_dataset("YBR_FULL_422"))(pixels, "RGB")
    assert np.abs(grey - luma(pixels)).max() < 0.51


def test_colour_of_16_bits() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (4, 5, 3)).astype(np.uint16)
    grey = DicomGrey(make_dataset("RGB", 16))(pixels, "RGB")
    assert np.abs(grey - luma(pixels / 257)).max() < 1.01


def test_colour_ignores_a_window() -> None:
    pixels = np.full((2, 2, 3), 77, np.uint8)
    dataset = make_dataset("RGB", WindowCenter=10, WindowWidth=5)
    assert (DicomGrey(dataset)(pixels, "RGB") == 77).all()


def test_unknown_photometric_interpretation_of_colour() -> None:
    with pytest.raises(ReadError, match="MONOCHROME1, MONOCHROME2 or PALETTE COLOR"):
        DicomGrey(make_dataset("HSV"))(np.zeros((2, 2, 3), np.uint8), "HSV")
