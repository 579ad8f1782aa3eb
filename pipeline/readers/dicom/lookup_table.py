"""Lookup tables of a DICOM header: Modality, VOI and palette."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_ENTRIES = 2**16
"""Entries of a table, which the descriptor calls 0."""
_DEPTHS = (8, *range(10, 17))
_MOST_SIGNED = 2**15


class LookupTable:
    """A table of values for values (PS3.3 sections C.11.1.1, C.11.2.1.1 and C.7.6.3.1.6).

    pydicom 3.0 counts the entries of a VOI LUT of 8 bits in 8 bits, so that it wraps around after
    the 256th, and takes what does not fit its descriptor as it comes.

    Args:
        descriptor: number of entries, first value that is mapped, and bits of an entry.
        data: entries as numbers, or as bytes in little endian: one for each byte or each word,
            as the length says.

    Attributes:
        bits: of an entry, as the descriptor says.
        entries: (N,) int64.

    Raises:
        ValueError: the descriptor cannot be, there are fewer entries than it says, or as numbers
            more, or larger ones than their bits allow.

    Examples:
        >>> LookupTable([3, 10, 8], [5, 6, 7])(np.array([0, 11, 99])).tolist()
        [5, 6, 7]
    """

    def __init__(self, descriptor: Any, data: Any) -> None:
        count, self._first, self.bits = (int(number) for number in descriptor)
        count = count or _MOST_ENTRIES
        if self.bits not in _DEPTHS:
            msg = f"entries of 8 or 10 to 16 bits, got {self.bits}"
            raise ValueError(msg)
        if isinstance(data, bytes):
            self.entries = _unpack(data, count)
        else:
            self.entries = np.atleast_1d(np.asarray(data, np.int64))
            if self.entries.max(initial=0) >= 1 << self.bits:
                msg = f"entries of {self.bits} bits, got larger ones"
                raise ValueError(msg)
        if len(self.entries) != count:
            msg = f"{count} entries, got {len(self.entries)}"
            raise ValueError(msg)

    def __call__(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Map values; what is before or after the table has its first or last entry.

        Args:
            values: numbers of any shape, whole or not.
        """
        # A first value below 0 is written as a number without sign in some files.
        is_below = self._first >= _MOST_SIGNED and values.min(initial=0) < 0
        first = self._first - 2 * _MOST_SIGNED if is_below else self._first
        at = values.astype(np.int64) - first
        mapped: NDArray[np.int64] = self.entries[at.clip(0, len(self.entries) - 1)]
        return mapped


def _unpack(content: bytes, count: int) -> NDArray[np.int64]:
    """Take the first entries; padding may follow."""
    if len(content) >= 2 * count:
        return np.frombuffer(content, "<u2", count).astype(np.int64)
    if count <= len(content) <= count + 1:
        return np.frombuffer(content, np.uint8, count).astype(np.int64)
    msg = f"{count} entries, got {len(content)} bytes"
    raise ValueError(msg)
