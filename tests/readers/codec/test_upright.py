"""Pictures turned as Pillow turns those with the same tag."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from pipeline.readers.codec.upright import turn_upright

GREY = np.arange(15, dtype=np.uint8).reshape(3, 5)
COLOUR = np.arange(45, dtype=np.uint8).reshape(3, 5, 3)


@pytest.mark.parametrize("orientation", [*range(10), 255])
@pytest.mark.parametrize("values", [GREY, COLOUR], ids=["grey", "colour"])
def test_is_as_pillow_shows_it(values: np.ndarray, orientation: int) -> None:
    stored = Image.fromarray(values)
    stored.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(stored))
    np.testing.assert_array_equal(turn_upright(values, orientation), expected)
