"""From an image file or an array to a segmentation, in one call."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from breast_us_seg.segmentation import Segmentation
from pipeline.errors import ConfigError, PipelineError, ReadError, find_cause
from pipeline.load_segmenter import load_segmenter
from pipeline.readers.array_source import ArraySource
from pipeline.readers.dicom.other_organ import find_other_organ
from pipeline.readers.region.refuse_scale import refuse_scale
from pipeline.results.frame import Frame, Source
from pipeline.segmenter import Segmenter as _Segmenter


class Segmenter:
    """Segment images as ``breast-us-seg infer`` does, with the same masks.

    It may be called from several threads; they wait for each other.

    Args:
        segmenter: of `load`.

    Examples:
        ::

            segmenter = Segmenter.load()
            result = segmenter.segment("image.png")
            result.mask, [lesion.area_px for lesion in result.lesions]
    """

    def __init__(self, segmenter: _Segmenter) -> None:
        self._segmenter = segmenter
        self._lock = threading.Lock()

    @classmethod
    def load(cls, bundle_root: str | Path | None = None, **settings: Any) -> "Segmenter":
        """Load the network.

        Args:
            bundle_root: folder around ``configs/`` and ``models/``; `None` takes the bundle that
                came with the package.
            settings: keys of ``configs/inference.json`` and their values, as
                ``operating_point="specific"`` or ``ckpt="my/model.pt"``.

        Raises:
            SettingError: a key is unknown, or a value does not fit.
            ConfigError: there is no such bundle, or its weights are damaged.
        """
        given = {"keep_maps": True, **settings}
        root = None if bundle_root is None else Path(bundle_root)
        segmenter = load_segmenter(root, given)
        segmenter.model.load()
        return cls(segmenter)

    def segment(
        self,
        image: str | Path | NDArray[Any],
        *,
        frame: int | None = None,
        mm_per_pixel: tuple[float, float] | None = None,
        name: str = "",
    ) -> Segmentation:
        """Segment one image.

        Args:
            image: a file (DICOM, PNG, JPEG, BMP, TIFF, NIfTI); or grey values (H, W), 0 to 255, or
                RGB (H, W, 3) uint8, rows from the top.
            frame: number of the frame from 1, of a file that has several.
            mm_per_pixel: mm between rows and between columns, for an image that has no scale of
                its own. Without a scale no size in mm is given.
            name: of an array, for `Segmentation.save`.

        Raises:
            SkippedError: the file is sound, but no ultrasound image.
            ReadError: the file or the array cannot be read, or `mm_per_pixel` is impossible.
            ConfigError: `mm_per_pixel` is given for a file that has a scale.
        """
        with self._lock:
            try:
                read = self._read(image, frame, name)
            except RuntimeError as error:
                cause = find_cause(error)  # MONAI has wrapped it
                if isinstance(cause, PipelineError):
                    raise cause from error
                raise
            if mm_per_pixel is not None:
                read = _calibrate(read, mm_per_pixel)
            result = self._segmenter.segment(read)
            return Segmentation.of(result, self._segmenter.model.identity)

    def segment_many(
        self, images: Iterable[str | Path | NDArray[Any]], *, skip_errors: bool = False
    ) -> Iterator[Segmentation]:
        """Segment images one after the other, and every frame of a cine.

        Args:
            images: files or arrays.
            skip_errors: leave out what cannot be read; else it raises as `segment` does.

        Yields:
            A result for each frame, when it is asked for; none is kept.
        """
        for image in images:
            try:
                count = 1 if not isinstance(image, (str, Path)) else self.count_frames(image)
            except ReadError:
                if skip_errors:
                    continue
                raise
            for frame in [None] if count == 1 else range(1, count + 1):
                try:
                    result = self.segment(image, frame=frame)
                except ReadError:
                    if skip_errors:
                        continue
                    raise
                yield result

    def count_frames(self, path: str | Path) -> int:
        """Count the frames of a file.

        Args:
            path: the file.

        Raises:
            SkippedError: the file is sound, but no ultrasound image.
            ReadError: the file cannot be read.
        """
        with self._lock:
            return self._segmenter.reader.open(Path(path)).frames

    def _read(self, image: str | Path | NDArray[Any], frame: int | None, name: str) -> Frame:
        reader = self._segmenter.reader
        if not isinstance(image, (str, Path)):
            read = self._segmenter.read(reader.hold(ArraySource(image)))
            return replace(read, source=Source(name))
        path = Path(image)
        read = self._segmenter.read(path, frame)
        opened = reader.open(path)
        header = opened.dataset
        if header is not None and find_other_organ(header):
            header = None  # its study gets no object of ours
        return replace(read, source=Source(path.name, "; ".join(opened.remarks), header))


def _calibrate(frame: Frame, mm_per_pixel: tuple[float, float]) -> Frame:
    if any(region.mm_per_pixel is not None for region in frame.regions):
        msg = "expected an image without a scale for mm_per_pixel, got one that has its own"
        raise ConfigError(msg)
    down, across = (float(value) for value in mm_per_pixel)
    regions = tuple(replace(region, mm_per_pixel=(down, across)) for region in frame.regions)
    for region in regions:
        top, left, bottom, right = region.box
        if problem := refuse_scale((down, across), (bottom - top, right - left)):
            msg = f"expected another mm_per_pixel than {mm_per_pixel}: {problem}"
            raise ReadError(msg)
    return replace(frame, regions=regions)
