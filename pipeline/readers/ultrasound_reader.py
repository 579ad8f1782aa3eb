"""The one way from a file to an array: a MONAI `ImageReader` for ultrasound."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import ImageReader
from numpy.typing import NDArray

from pipeline.errors import ReadError
from pipeline.readers.dicom_source import DicomSource
from pipeline.readers.file_type import FileType, detect_file_type
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.image_source import ImageSource
from pipeline.readers.raster_source import RasterSource
from pipeline.readers.ultrasound_region import whole_frame


class UltrasoundReader(ImageReader):
    """Read PNG, JPEG, BMP, TIFF and DICOM alike: grey, rows first, 0 to 255.

    The array is (1, H, W), float32: one channel, then rows from the top, then columns from the
    left. This is the order of numpy, Pillow and DICOM, not the (W, H) of MONAI's own readers, so
    a mask goes back to a file without being transposed.

    A file of several frames is addressed as ``path#frame=k``, k from 1; the file that was opened
    last stays open, so that reading a cine in order parses its header once.

    Examples:
        In a bundle's configuration::

            {"_target_": "LoadImaged", "keys": "image", "reader": "$@reader",
             "ensure_channel_first": true}
    """

    def __init__(self) -> None:
        super().__init__()
        self._opened: tuple[tuple[Path, int, int], ImageSource] | None = None

    def verify_suffix(self, filename: Sequence[PathLike[str]] | PathLike[str]) -> bool:
        """Take every file: the content decides, not the suffix."""
        return True

    def read(
        self, data: Sequence[PathLike[str] | str] | PathLike[str] | str, **kwargs: Any
    ) -> FrameReference:
        """Take note of what to read.

        Nothing is opened yet: an exception raised here would make `LoadImage` try MONAI's own
        readers, which return something wrong for much of ultrasound without a word.

        Args:
            data: a path or ``path#frame=k``, or a sequence of exactly one.
            kwargs: none is known.

        Returns:
            The reference, for `get_data`.
        """
        if isinstance(data, (list, tuple)):
            if len(data) != 1:
                msg = f"expected one file for one image, got {len(data)}"
                raise ReadError(msg)
            data = data[0]
        return FrameReference.parse(str(data))

    def get_data(self, img: FrameReference) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Open and decode.

        Args:
            img: what `read` returned.

        Returns:
            The array (1, H, W), float32, 0 to 255, and its metadata: ``affine`` (4, 4) in px,
            ``spatial_shape`` (H, W), ``region`` (first row, first column, last row + 1, last
            column + 1 of the ultrasound), ``region_known`` (else it is the whole frame, console
            and burned-in text included), ``original_channel_dim`` 0 and ``frame`` (0 for a file
            with a single one).

        Raises:
            SkippedError: the file is sound, but no ultrasound image.
            ReadError: the file is damaged, or holds several frames and none was named.
        """
        source = self.open(img.path)
        if img.frame is None and source.frames > 1:
            msg = f"expected one frame, got a file of {source.frames}: ask for path#frame=1"
            raise ReadError(msg)
        grey = source.read(0 if img.frame is None else img.frame - 1)
        region = source.region(*grey.shape)
        meta = {
            "affine": np.eye(4),
            "original_channel_dim": 0,
            "spatial_shape": np.array(grey.shape),
            "region": whole_frame(*grey.shape) if region is None else region,
            "region_known": region is not None,
            "frame": img.frame or 0,
        }
        return grey[None], meta

    def open(self, path: Path) -> ImageSource:
        """Open a file, or give back the one that is open already.

        Args:
            path: the file.

        Returns:
            Its frames, not yet decoded.

        Raises:
            SkippedError: the file is sound, but no ultrasound image.
            ReadError: the file cannot be opened, or its header is damaged.
        """
        try:
            status = path.stat()
        except OSError as error:
            msg = f"expected a readable file, got {error.strerror}"
            raise ReadError(msg) from error
        key = (path, status.st_mtime_ns, status.st_size)
        opened = self._opened
        if opened is None or opened[0] != key:
            # Bound to a local name: `CacheDataset` calls one reader from several threads.
            opened = (key, _open_source(path))
            self._opened = opened
        return opened[1]


def _open_source(path: Path) -> ImageSource:
    file_type = detect_file_type(path)
    if file_type is FileType.DICOM:
        return DicomSource(path)
    return RasterSource(path, file_type)
