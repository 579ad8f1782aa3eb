"""Views of an image that teach when to be silent: all of it, and parts of it."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

Item = Mapping[str, torch.Tensor]

LEAST_WIDTH = 0.3
"""Share of the width that a part beside a lesion needs to count as an image of its own."""

MARGIN = 0.03
"""Share of the width that is left between the lesion and that part."""

AROUND = 0.5
"""Share of the width of a part with the lesion in it, and of the parts of an image without one.

A part is coarser and wider than an image when it has the network's size. As parts of either kind
are shown, that teaches nothing about whether there is a lesion.
"""


def list_views(item: Item) -> Iterator[Item]:
    """Yield the image and parts of it.

    Args:
        item: ``image`` (1, H, W) and ``label`` (1, H, W), 0 outside the lesion.

    Yields:
        The item; then, if it shows a lesion, the parts beside that and, unless the lesion is too
        wide, the part around it; else its left and right halves.
    """
    yield item
    lesion = np.asarray(item["label"][0]) > 0
    parts = find_parts_beside(lesion) + _find_part_around(lesion)
    for first, last in parts if lesion.any() else _halve(lesion.shape[1]):
        yield {key: item[key][..., first:last] for key in ("image", "label")}


def find_parts_beside(lesion: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Find the parts to the left and to the right of a lesion.

    Args:
        lesion: mask (H, W).

    Returns:
        Of each that is wide enough, the first column and the one after the last; none if there is
        no lesion.
    """
    columns = np.flatnonzero(lesion.any(axis=0))
    if not len(columns):
        return []
    width = lesion.shape[1]
    gap = round(MARGIN * width)
    parts = [(0, int(columns[0]) - gap), (int(columns[-1]) + 1 + gap, width)]
    return [(first, last) for first, last in parts if last - first >= LEAST_WIDTH * width]


def _find_part_around(lesion: NDArray[np.bool_]) -> list[tuple[int, int]]:
    columns = np.flatnonzero(lesion.any(axis=0))
    if not len(columns):
        return []
    width = lesion.shape[1]
    wanted = round(AROUND * width)
    first = round((columns[0] + columns[-1] + 1 - wanted) / 2)
    first = min(max(first, 0), width - wanted)
    is_inside = first <= columns[0] and columns[-1] < first + wanted
    return [(first, first + wanted)] if is_inside else []


def _halve(width: int) -> list[tuple[int, int]]:
    wanted = round(AROUND * width)
    return [(0, wanted), (width - wanted, width)]
