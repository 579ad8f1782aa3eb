"""Values of a DICOM header, whatever their state, and without changing the header."""

from collections.abc import Iterable
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import RawDataElement, convert_raw_data_element

_LONGEST_BYTES = 64 << 10


def read_values(dataset: Dataset, keyword: str) -> list[Any]:
    """List the values of an element.

    pydicom converts an element in its dataset when it is asked for. Results take elements over byte
    for byte, so here it stays as it is.

    Returns:
        Its values, items if it is a sequence; none of one that is missing, damaged, or so long that
        it would take seconds to parse.
    """
    try:
        element: Any = dataset.get_item(keyword) if keyword in dataset else None
        if isinstance(element, RawDataElement):
            if len(element.value or b"") > _LONGEST_BYTES:
                return []
            encoding = dataset.original_character_set
            element = convert_raw_data_element(element, encoding=encoding, ds=dataset)
        value = None if element is None else element.value
    except Exception:  # pydicom raises whatever a damaged value leads to
        return []
    if value is None or value == "" or isinstance(value, bytes):
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
