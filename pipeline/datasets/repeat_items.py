"""Oversample items by source or pathology."""

from collections.abc import Iterable, Mapping
from typing import Any


def repeat_items(items: Iterable[dict[str, Any]], times: Mapping[str, int]) -> list[dict[str, Any]]:
    """Repeat the items of a source or a pathology.

    Args:
        items: of a datalist.
        times: how often an item comes, by `pathology` or, if that is not named, by `source`;
            others come once.

    Returns:
        The items in their order, each followed by its repetitions.

    Examples:
        >>> items = [{"source": "busi", "pathology": "normal"}, {"source": "busbra"}]
        >>> len(repeat_items(items, {"busi": 2, "normal": 4}))
        5
    """
    repeated = []
    for item in items:
        names = (item.get("pathology", ""), item.get("source", ""))
        count = next((times[name] for name in names if name in times), 1)
        repeated += [item] * count
    return repeated
