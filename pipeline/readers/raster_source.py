"""PNG, JPEG, BMP and TIFF through Pillow."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.errors import ReadError
from pipeline.readers.file_type import FileType
from pipeline.readers.image_source import GreyImage, rgb_to_grey
from pipeline.readers.ultrasound_region import Box, whole_frame

_SIXTEEN_BIT_MODES = {"I;16", "I;16L", "I;16B", "I;16N", "I"}
_MAX_16_BIT = 65535.0


class RasterSource:
    """An opened raster file; the pages of a TIFF are its frames.

    Args:
        path: the file.
        file_type: its format by content; no other decoder than that one is tried.

    Raises:
        ReadError: Pillow cannot parse the header.
    """

    def __init__(self, path: Path, file_type: FileType) -> None:
        self._path = path
        self._format = file_type.value
        with self._open() as image:
            self._frames = int(getattr(image, "n_frames", 1)) if self._format == "TIFF" else 1

    @property
    def frames(self) -> int:
        """Number of pages, at least 1."""
        return self._frames

    def region(self, rows: int, columns: int) -> Box:
        """Box of the whole frame: these formats do not tell where the ultrasound is."""
        return whole_frame(rows, columns)

    def read(self, index: int) -> GreyImage:
        """Decode one page.

        Alpha is ignored, colour becomes luma, 1-bit becomes 0 or 255, 16 bits are scaled so that
        65535 is 255, and the EXIF orientation is applied.

        Args:
            index: number of the page from 0.

        Returns:
            Grey values (H, W), float32, 0 to 255.

        Raises:
            ReadError: there is no such page, its data is damaged, or its pixel type is unknown.
        """
        if not 0 <= index < self._frames:
            msg = f"expected a frame from 1 to {self._frames}, got {index + 1}"
            raise ReadError(msg)
        with self._open() as image:
            try:
                if index:
                    image.seek(index)
                upright = ImageOps.exif_transpose(image)
                return _to_grey(upright)
            except (OSError, SyntaxError, ValueError, EOFError) as error:
                msg = f"expected a whole {self._format} file, got damaged data ({error})"
                raise ReadError(msg) from error

    def _open(self) -> Image.Image:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                return Image.open(self._path, formats=[self._format])
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            limit = Image.MAX_IMAGE_PIXELS
            msg = f"expected at most {limit} pixels, got more: is this really an ultrasound image?"
            raise ReadError(msg) from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            msg = f"expected a {self._format} file, got a header that cannot be parsed"
            raise ReadError(msg) from error


def _to_grey(image: Image.Image) -> GreyImage:
    if image.mode in _SIXTEEN_BIT_MODES:
        values = np.asarray(image).astype(np.float32)
        if values.min() < 0 or values.max() > _MAX_16_BIT:
            msg = f"expected values from 0 to 65535, got {values.min()} to {values.max()}"
            raise ReadError(msg)
        scaled: GreyImage = values * np.float32(255.0 / _MAX_16_BIT)
        return scaled
    if image.mode == "F":
        msg = "expected whole numbers of 1, 8 or 16 bits a pixel, got floating point"
        raise ReadError(msg)
    if image.mode in {"1", "L", "LA"}:
        return np.asarray(image.convert("L")).astype(np.float32)
    return rgb_to_grey(np.asarray(image.convert("RGB")))
