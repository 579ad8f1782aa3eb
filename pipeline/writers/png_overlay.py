"""The image with the outline of its lesions, for a person to check."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.morphology import dilation, disk
from skimage.segmentation import find_boundaries

from pipeline.atomic import write_atomically
from pipeline.writers.output_path import output_path
from pipeline.writers.result import Result

_OUTLINE = (255, 210, 0)
_PIXELS_PER_LINE_WIDTH = 400
"""The outline is one pixel wide for every so many pixels of the image's longer side."""


class PngOverlay:
    """Write ``overlays/<path of the source>.png``: the image, its lesions outlined in yellow.

    The outline lies just outside the mask, so that the lesion's own border stays visible.

    Args:
        output_dir: the run's folder; ``overlays`` is made in it.
    """

    def __init__(self, output_dir: str | Path) -> None:
        self.root = Path(output_dir) / "overlays"

    def write(self, result: Result) -> None:
        """Write one overlay.

        Args:
            result: the segmentation of one image.

        Raises:
            WriteError: the file cannot be written.
        """
        grey = np.clip(np.rint(result.image), 0, 255).astype(np.uint8)
        colour = np.repeat(grey[..., None], 3, axis=2)
        if result.mask.any():
            colour[_outline(result)] = _OUTLINE
        buffer = BytesIO()
        Image.fromarray(colour).save(buffer, "PNG")
        write_atomically(self.root / output_path(result.file, result.frame), buffer.getvalue())


def _outline(result: Result) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    outline: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    outline = find_boundaries(result.mask, mode="outer")
    width = round(max(result.mask.shape) / _PIXELS_PER_LINE_WIDTH)
    if width > 1:
        outline = dilation(outline, disk(width // 2)) & ~result.mask
    return outline
