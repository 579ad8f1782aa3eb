"""Masks as PNG: white where there is lesion, black where there is none."""

import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.atomic import write_atomically
from pipeline.results.result import Result
from pipeline.results.writer import Writer

LESION = 255
"""Value of lesion in a mask file; everything else is 0."""


class PngMask(Writer):
    """Write ``masks/<path of the source>.png``: 8-bit grey, 0 or 255, at the source's size.

    Args:
        output_dir: the run's folder; ``masks`` is made in it.
    """

    suffix = ".png"

    def __init__(self, output_dir: str | Path) -> None:
        self.root = Path(output_dir) / "masks"

    def write(self, result: Result) -> None:
        """Write one mask.

        Raises:
            WriteError: the file cannot be written.
        """
        values = np.where(result.mask, np.uint8(LESION), np.uint8(0))
        buffer = BytesIO()
        # Runs are all that a mask has to compress.
        Image.fromarray(values).save(buffer, "PNG", compress_type=zlib.Z_RLE)
        write_atomically(self.locate(result.file, result.frame), buffer.getvalue())
