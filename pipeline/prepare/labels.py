"""The label of one case as a plain grey PNG."""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.atomic import write_atomically
from pipeline.errors import ReadError
from pipeline.prepare.case import Case
from pipeline.readers.image_source import GreyImage
from pipeline.readers.ultrasound_reader import UltrasoundReader


def write_label(case: Case, path: Path) -> tuple[str, float]:
    """Merge a case's masks to one label file of the image's size: 0 tissue, 255 lesion.

    The image is read as training and inference read it, so that what they cannot read does not
    enter a datalist.

    Args:
        case: image and mask files.
        path: PNG file to write, 8-bit grey; its folder is created if missing.

    Returns:
        Digest of the image's grey values, the same for grey and for grey stored as colour, and the
        share of the image that is lesion, 0 to 1.

    Raises:
        ReadError: the image or a mask cannot be read, the image has several frames, the sizes
            differ, a lesion's label is empty or a normal image's label is not.
        WriteError: the label cannot be stored.
    """
    grey = _read_grey(case.image)
    label = np.zeros(grey.shape, dtype=np.bool_)
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
    digest = hashlib.sha256(f"{grey.shape}".encode() + grey.tobytes()).hexdigest()
    return digest, float(label.mean())


def _read_grey(path: Path) -> GreyImage:
    source = UltrasoundReader().open(path)
    if source.frames > 1:
        msg = "image of several frames, which one mask cannot label"
        raise ReadError(msg)
    return source.read(0)
