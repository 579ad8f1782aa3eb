"""The tags of a page of a TIFF, by their numbers."""

from typing import Any

import tifffile

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
"""*SampleFormat* (339)."""
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR, CIELAB = 0, 1, 2, 3, 5, 6, 8
"""*PhotometricInterpretation* (262)."""
UNCOMPRESSED = 1
"""*Compression* (259)."""


def get_tag(page: tifffile.TiffPage, code: int, default: int = 0) -> int:
    """Read the first value of a tag, `default` if it is missing."""
    values = get_tags(page, code)
    return int(values[0]) if values else default


def get_same_tag(page: tifffile.TiffPage, code: int, default: int) -> int:
    """Read a tag that has a value for each sample; 0 if they differ."""
    values = set(get_tags(page, code)) or {default}
    return int(values.pop()) if len(values) == 1 else 0


def get_tags(page: tifffile.TiffPage, code: int) -> tuple[Any, ...]:
    """Read all values of a tag, none if it is missing."""
    value = page.tags.valueof(code)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, tuple | list) else (value,)
