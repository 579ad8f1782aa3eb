"""Views of images whose pixels are numbered by column, so that each says what it was cut from."""

import numpy as np
import pytest
import torch

from pipeline.handlers.list_views import find_parts_beside, list_views


def list_columns(columns: tuple[int, int]) -> list[tuple[int, int, int]]:
    """First and last column of each view of a lesion at these columns, and those with lesion."""
    item = {"image": torch.arange(100.0).expand(1, 10, 100), "label": torch.zeros(1, 10, 100)}
    item["label"][:, 4:6, slice(*columns)] = 1
    return [
        (
            int(view["image"][0, 0, 0]),
            int(view["image"][0, 0, -1]),
            int(view["label"].any(dim=1).sum()),
        )
        for view in list_views(item)
    ]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((45, 55), [(0, 99, 10), (0, 41, 0), (58, 99, 0), (25, 74, 10)]),
        ((10, 20), [(0, 99, 10), (23, 99, 0), (0, 49, 10)]),
        ((80, 98), [(0, 99, 18), (0, 76, 0), (50, 99, 18)]),
        ((20, 70), [(0, 99, 50), (20, 69, 50)]),
        ((20, 71), [(0, 99, 51)]),
        ((0, 0), [(0, 99, 0), (0, 49, 0), (50, 99, 0)]),
    ],
)
def test_parts_with_and_without_lesion(
    columns: tuple[int, int], expected: list[tuple[int, int, int]]
) -> None:
    assert list_columns(columns) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((10, 20), [(23, 100)]),
        ((45, 55), [(0, 42), (58, 100)]),
        ((10, 80), []),
        ((0, 0), []),
    ],
)
def test_wide_sides_with_a_margin(
    columns: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    lesion = np.zeros((10, 100), bool)
    lesion[4:6, slice(*columns)] = True
    assert find_parts_beside(lesion) == expected
