"""Palettes, plain and in segments (PS3.3 sections C.7.6.3.1.6 and C.7.9.2)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from pipeline.errors import ReadError
from pipeline.readers.dicom.lookup_table import LookupTable
from pipeline.readers.dicom.scale_values import swap_words, to_8_bit

_LARGEST_8_BIT = 255
_MOST_ENTRIES = 2**16
"""Entries of a segmented palette."""
_DISCRETE, _LINEAR = 0, 1
"""Kinds of segments of a palette."""
_COLOURS = ("Red", "Green", "Blue")
_KEYWORDS = [f"{colour}PaletteColorLookupTableData" for colour in _COLOURS]


def read_palette(dataset: Dataset, smallest: int, bits: int) -> NDArray[np.uint8]:
    """Read the colour of each value that can be stored.

    Entries of 16 bits may hold values of 8: the standard mentions writers that only pad them.

    Args:
        dataset: attributes of the palette.
        smallest: stored value, below 0 if they are signed.
        bits: of the stored values.

    Returns:
        (2^bits, 3), RGB from the smallest value on.

    Raises:
        ReadError: the palette is missing, cut off or contradicts itself.
    """
    descriptors = [dataset.get(f"{c}PaletteColorLookupTableDescriptor") for c in _COLOURS]
    is_sound = all(stated == descriptors[0] for stated in descriptors)
    if not is_sound or len(descriptors[0] or ()) != 3 or descriptors[0][2] not in (8, 16):
        msg = (
            "expected palettes (0028,1101) to (0028,1103) of 8 or 16 bits, of the same number "
            "of entries in all three colours, got none or others"
        )
        raise ReadError(msg)
    every = np.arange(smallest, smallest + 2**bits, dtype=np.int32)
    read = _read_plain if _KEYWORDS[0] in dataset else _read_segments
    colours = read(dataset, every, descriptors[0])
    depth = 16 if colours.max() > _LARGEST_8_BIT else 8
    palette: NDArray[np.uint8] = to_8_bit(colours, depth).round().astype(np.uint8)
    return palette


def _read_plain(
    dataset: Dataset, indices: NDArray[np.int32], descriptor: Sequence[int]
) -> NDArray[np.generic]:
    """Give the colour (N, 3) of each index."""
    is_swapped = dataset.original_encoding[1] is False
    tables = [dataset.get(keyword) or b"" for keyword in _KEYWORDS]
    try:
        found = [
            LookupTable(descriptor, swap_words(table) if is_swapped else table) for table in tables
        ]
    except ValueError as error:
        msg = f"expected palettes (0028,1201) to (0028,1203) of {error}"
        raise ReadError(msg) from error
    return np.stack([table(indices) for table in found], axis=-1)


def _read_segments(
    dataset: Dataset, indices: NDArray[np.int32], descriptor: Sequence[int]
) -> NDArray[np.generic]:
    order = ">" if dataset.original_encoding[1] is False else "<"
    count, start, depth = (int(number) for number in descriptor)
    for colour in _COLOURS:
        segments = dataset.get(f"Segmented{colour}PaletteColorLookupTableData") or b""
        if not segments:
            msg = "expected palettes (0028,1201) to (0028,1203) of three colours, got less"
            raise ReadError(msg)
        _check_segments(segments, f"{order}u{depth // 8}")
    # pydicom computes in the type of the entries, where larger values wrap around.
    indices = indices.clip(start, start + (count or _MOST_ENTRIES) - 1)
    return np.asarray(apply_color_lut(indices[None], dataset))[0, :, :3]


def _check_segments(segments: bytes, dtype: str) -> None:
    """Refuse a segmented palette that grows beyond all entries (PS3.3 section C.7.9.2).

    Indirect segments repeat others and may repeat themselves; nobody is known to write them.
    """
    size = np.dtype(dtype).itemsize
    numbers = np.frombuffer(segments[: len(segments) // size * size], dtype).tolist()
    at = entries = 0
    while at + 1 < len(numbers):
        kind, length = numbers[at : at + 2]
        entries += length
        if kind not in (_DISCRETE, _LINEAR) or entries > _MOST_ENTRIES:
            msg = f"expected discrete and linear segments of {_MOST_ENTRIES} entries, got others"
            raise ReadError(msg)
        at += 2 + (length if kind == _DISCRETE else 1)
