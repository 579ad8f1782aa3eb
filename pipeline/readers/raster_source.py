"""PNG, JPEG, BMP and TIFF through Pillow."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pipeline.errors import ReadError
from pipeline.readers.file_type import FileType
from pipeline.readers.image_source import GreyImage, check_size, rgb_to_grey
from pipeline.readers.quiet import quiet_decoders
from pipeline.readers.ultrasound_region import Box, whole_frame

_SIXTEEN_BIT_MODES = {"I;16", "I;16L", "I;16B", "I;16N", "I"}
_MAX_16_BIT = 65535.0
_PHOTOMETRIC_TAG = 262
_WHITE_IS_ZERO = 0


class RasterSource:
    """An opened raster file; the pages of a TIFF are its frames.

    Args:
        path: the file.
        file_type: its format by content; no other decoder than that one is tried.

    Raises:
        ReadError: Pillow cannot parse the header, or the image is too large to be one.
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
        """Box of the whole frame: these formats know of no console."""
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
            if index:
                image.seek(index)
                check_size(image.height, image.width)
            grey = _to_grey(ImageOps.exif_transpose(image))
            return 255 - grey if _is_inverted(image) else grey

    @contextmanager
    def _open(self) -> Iterator[Image.Image]:
        """Open the file; whatever Pillow raises until it is closed becomes a `ReadError`.

        Its messages and warnings may quote the file, so only the type of an error is told.
        """
        try:
            with quiet_decoders(), Image.open(self._path, formats=[self._format]) as image:
                check_size(image.height, image.width)
                yield image
        except ReadError:
            raise
        except Exception as error:
            hint = ", cut off" if "truncated" in str(error).lower() else ""
            msg = (
                f"expected a whole {self._format} file, got a damaged one{hint} "
                f"({type(error).__name__})"
            )
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


def _is_inverted(image: Image.Image) -> bool:
    """Tell a TIFF of 16 bits that counts from white; Pillow 13 inverts those of 8 bits itself."""
    tags: Mapping[int, object] = getattr(image, "tag_v2", {})
    return image.mode in _SIXTEEN_BIT_MODES and tags.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO
