"""Helpers for tiny data sets; the fixtures are in conftest.py."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.prepare.case import Case

Draw = Callable[..., Path]
MakeCase = Callable[..., Case]

SHAPE = (6, 9)
"""Height and width, unequal so that a swapped axis fails."""


def draw_box(top: int, left: int, bottom: int, right: int) -> NDArray[np.bool_]:
    box = np.zeros(SHAPE, dtype=np.bool_)
    box[top:bottom, left:right] = True
    return box
