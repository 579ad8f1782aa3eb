"""Tiny data sets in their published layouts, built in a temporary folder."""

from pathlib import Path

import numpy as np
import pytest
from dataset_files import SHAPE, Draw, MakeCase
from numpy.typing import NDArray
from PIL import Image

from pipeline.prepare.case import Case, Pathology


@pytest.fixture
def draw() -> Draw:
    """Write an image file; without an array a texture that differs with every name."""

    def write(path: Path, array: NDArray[np.generic] | None = None) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if array is None:
            seed = sum(ord(letter) * 31**i for i, letter in enumerate(path.name))
            array = np.random.default_rng(seed).integers(0, 256, SHAPE, dtype=np.uint8)
        elif array.dtype == np.bool_ and array.ndim == 2:
            array = array.astype(np.uint8) * 255
        Image.fromarray(array).save(path)
        return path

    return write


@pytest.fixture
def make_case() -> MakeCase:
    """Build a case whose files do not exist."""

    def build(
        name: str, *, group: str | None = None, pathology: Pathology = "benign", source: str = "s"
    ) -> Case:
        return Case(
            id=f"{source}/{name}",
            source=source,
            group=f"{source}:{group or name}",
            pathology=pathology,
            image=Path(f"{name}.png"),
            masks=(),
        )

    return build
