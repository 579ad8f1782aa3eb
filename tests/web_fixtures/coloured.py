"""Pictures with something in colour, where Python finds it, and by what it fills it."""

from pathlib import Path

import numpy as np
import torch
from coloured_files import EXACT
from monai.data import MetaTensor

from pipeline.readers.image_source import Picture
from pipeline.readers.open_image import open_image
from pipeline.transforms import FillColouredd
from web_fixtures.fixture_folder import FixtureFolder

_REGION = (8, 14, 100, 150)
"""Cuts through a frame and a flow."""


def write_coloured(folder: Path) -> None:
    """Write a coloured picture in each format that loses nothing."""
    cases = FixtureFolder(folder)
    for name, write in EXACT.items():
        if name.startswith(("bmp", "tiff")):  # decoded by the browser, or not read there
            continue
        path = folder / name
        write(path)
        picture = open_image(path).read_picture(0)
        cases.add(
            name=name,
            file=path.name,
            grey=picture.grey,
            coloured=picture.coloured,
            region=_REGION,
            filled=_fill(picture),
        )
    cases.finish()


def _fill(picture: Picture) -> np.ndarray:
    meta = {"region": np.array(_REGION), "coloured": picture.coloured}
    image = MetaTensor(torch.as_tensor(picture.grey[None]), meta=meta)
    return np.asarray(FillColouredd("image")({"image": image})["image"][0])
