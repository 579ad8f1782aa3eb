"""The one way from a file to an array: a MONAI `ImageReader` for ultrasound."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import ImageReader
from numpy.typing import NDArray

from pipeline.errors import ReadError
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.image_source import GreyImage, ImageSource, Picture
from pipeline.readers.limits import MOST_IMAGES, MOST_REGIONS
from pipeline.readers.open_image import open_image
from pipeline.readers.region.calibrated_region import Box, CalibratedRegion, RegionOrigin

_HELD = "<image in memory>-"

_NOWHERE = np.zeros((0, 0), np.bool_)

_STATED_BY_FILE = (RegionOrigin.GIVEN, RegionOrigin.CROPPED)


class UltrasoundReader(ImageReader):
    """Read PNG, JPEG, BMP, TIFF, NIfTI and DICOM alike: grey, rows first, 0 to 255.

    The array is (1, H, W), float32, or uint8 of a large image: one channel, then rows from the
    top, then columns from the left. This is the order of numpy, Pillow and DICOM, not the (W, H)
    of MONAI's own readers, so a mask goes back to a file without being transposed.

    A file of several frames is addressed as ``path#frame=k``, k from 1; the file that was opened
    last stays open, so that reading a cine in order parses its header once. Of a frame with
    several B-mode images, ``path#region=k`` is about the k-th.

    Args:
        find_field: look for the field of view in the pixels where the file does not say where
            the ultrasound is, so that a console around it is left out. `False` takes the whole
            picture then.

    Examples:
        In a bundle's configuration::

            {"_target_": "LoadImaged", "keys": "image", "reader": "$@reader",
             "ensure_channel_first": true}
    """

    def __init__(self, *, find_field: bool = True) -> None:
        super().__init__()
        self.find_field = find_field
        self._opened: tuple[tuple[Path, int, int], ImageSource] | None = None
        self._decoded: tuple[ImageSource, int | None, Picture] | None = None
        self._held: tuple[Path, ImageSource] | None = None

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
            data: a path, ``path#frame=k`` or ``path#region=k``, or a sequence of exactly one.
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

    def get_data(self, img: FrameReference) -> tuple[GreyImage, dict[str, Any]]:
        """Open and decode.

        Args:
            img: what `read` returned.

        Returns:
            The array (1, H, W), 0 to 255, of the type of a `GreyImage`, and its metadata:

            - ``affine`` (4, 4) in px, ``spatial_shape`` (H, W), ``original_channel_dim`` 0.
            - ``frame``: number of the frame, 0 for a file with a single one.
            - ``region`` (4,): first row, first column, last row + 1, last column + 1 of the B-mode
              image that is asked for, in px; ``region_origin``: its `RegionOrigin`;
              ``mm_per_pixel`` (2,): mm between its rows and between its columns, NaN if unknown.
            - ``region_count``, and ``regions`` (4, 4): all of them, padded by empty boxes so that
              images can be batched.
            - ``region_parts`` (64, 4): all boxes with ultrasound in them, padded in the same way:
              ``regions``, or of those that overlap in the file the boxes that they are made of.
            - ``coloured`` (H, W): where something is drawn over it in colour, see
              `find_coloured`; (0, 0) for nowhere.
            - ``region_known``: `False` if names may be burned in inside the regions too.
            - ``SOPClassUID`` and the others of `IDENTITY_KEYWORDS`, empty if unknown.

        Raises:
            SkippedError: the file is sound, but no ultrasound image.
            ReadError: the file is damaged, holds several frames and none was named, or shows
                more than four B-mode images at once.
        """
        source = self.open(img.path)
        if img.frame is None and source.frames > 1:
            msg = f"expected one frame, got a file of {source.frames}: ask for path#frame=1"
            raise ReadError(msg)
        picture = self._decode(source, img.frame)
        grey = picture.grey
        regions = source.regions(grey, find_field=self.find_field)
        if not 1 <= img.region <= len(regions):
            msg = f"expected a region from 1 to {len(regions)}, got {img.region}"
            raise ReadError(msg)
        if img.region < len(regions):  # the next one will ask for the same pixels
            self._decoded = (source, img.frame, picture)
        region = regions[img.region - 1]
        meta = {
            "affine": np.eye(4),
            "original_channel_dim": 0,
            "spatial_shape": np.array(grey.shape),
            "frame": img.frame or 0,
            "region": np.array(region.box),
            "region_origin": region.origin.value,
            "mm_per_pixel": np.array(region.mm_per_pixel or (np.nan, np.nan)),
            "region_count": len(regions),
            "regions": _pad([region.box for region in regions], MOST_IMAGES),
            "region_parts": _pad([box for region in regions for box in region.boxes], MOST_REGIONS),
            "coloured": _NOWHERE if picture.coloured is None else picture.coloured,
            "region_known": not source.may_name_patient or _are_stated(regions),
            **source.identity,
        }
        return grey[None], meta

    def hold(self, source: ImageSource) -> Path:
        """Take an image that is in no file.

        Args:
            source: replaces the one that was held before.

        Returns:
            What to read it by, in place of a path.
        """
        self._held = Path(f"{_HELD}{id(source)}"), source
        return self._held[0]

    def open(self, path: Path) -> ImageSource:
        """Open a file, or give back the one that is open already.

        Returns:
            Its frames, not yet decoded.

        Raises:
            SkippedError: the file is sound, but no ultrasound image.
            ReadError: the file cannot be opened, or its header is damaged.
        """
        if self._held is not None and path == self._held[0]:
            return self._held[1]
        try:
            status = path.stat()
        except OSError as error:
            msg = f"expected a file, got a dead link or nothing ({error.strerror})"
            raise ReadError(msg) from error
        key = (path, status.st_mtime_ns, status.st_size)
        opened = self._opened
        if opened is None or opened[0] != key:
            # Bound to a local name: `CacheDataset` calls one reader from several threads.
            opened = (key, open_image(path))
            self._opened = opened
        return opened[1]

    def _decode(self, source: ImageSource, frame: int | None) -> Picture:
        """Decode a frame, or take the pixels that were kept for its next region."""
        decoded, self._decoded = self._decoded, None
        if decoded is not None and decoded[0] is source and decoded[1] == frame:
            return decoded[2]
        return source.read_picture(0 if frame is None else frame - 1)


def _are_stated(regions: list[CalibratedRegion]) -> bool:
    return all(region.origin in _STATED_BY_FILE for region in regions)


def _pad(boxes: list[Box], count: int) -> NDArray[np.int64]:
    padded = np.zeros((count, 4), np.int64)
    padded[: len(boxes)] = boxes
    return padded
