"""The label of one case as a plain grey PNG."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.datasets.atomic import write_atomically
from pipeline.datasets.case import Case
from pipeline.datasets.masks import hash_pixels, read_pixels
from pipeline.errors import ReadError


def write_label(case: Case, path: Path) -> str:
    """Merge a case's masks to one label file of the image's size: 0 tissue, 255 lesion.

    Args:
        case: image and mask files.
        path: PNG file to write, 8-bit grey; its folder is made if need be.

    Returns:
        Digest of the decoded image, equal for two images of the same pixels.

    Raises:
        ReadError: the image or a mask cannot be read, their sizes differ, a lesion's label is
            empty or a normal image's label is not.
        WriteError: the label cannot be stored.
    """
    pixels = _read_image(case.image)
    height, width = pixels.shape[:2]
    label = np.zeros((height, width), dtype=np.bool_)
    for mask in case.masks:
        lesion = case.read_mask(mask)
        if lesion.shape != label.shape:
            msg = "sizes of image and mask differ"
            raise ReadError(msg)
        label |= lesion
    if case.pathology == "normal" and label.any():
        msg = "normal image with a lesion in its mask"
        raise ReadError(msg)
    if case.pathology != "normal" and not label.any():
        msg = "lesion image with an empty mask" if case.masks else "lesion image without a mask"
        raise ReadError(msg)
    buffer = io.BytesIO()
    Image.fromarray(label.astype(np.uint8) * 255).save(buffer, format="PNG")
    write_atomically(path, buffer.getvalue())
    return hash_pixels(pixels)


def _read_image(path: Path) -> NDArray[Any]:
    return read_pixels(path)
