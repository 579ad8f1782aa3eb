"""Read a frame with all of its B-mode images."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.errors import ReadError
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.region.calibrated_region import Box, CalibratedRegion, RegionOrigin
from pipeline.results.frame import Frame


def read_frame(reference: FrameReference, preprocessing: Callable[[dict[str, Any]], Any]) -> Frame:
    """Read a frame, and preprocess each of its B-mode images.

    Args:
        reference: of the frame.
        preprocessing: takes ``image`` (a `FrameReference` as text) to an item whose ``image`` has
            the metadata of `UltrasoundReader`, and whose ``original`` (1, H, W) is black outside
            the ultrasound and has the metadata of the whole frame.

    Raises:
        SkippedError: the file is sound, but no ultrasound image.
        ReadError: the file is damaged, or the frame has the name of another file.
    """
    parts = [_read_part(reference, preprocessing)]
    for region in range(2, int(parts[0]["image"].meta["region_count"]) + 1):
        parts.append(_read_part(reference._replace(region=region), preprocessing))
    originals = [part.pop("original") for part in parts]
    image = np.asarray(originals[0][0])
    return Frame(
        image=image,
        regions=tuple(_describe_region(original.meta) for original in originals),
        parts=tuple(parts),
        number=reference.frame,
        shrunk_by=int(parts[0]["image"].meta.get("shrunk_by", 1)),
        coloured=max(float(part["image"].meta.get("coloured_share", 0)) for part in parts),
        is_blanked=not parts[0]["image"].meta.get("region_known", True) and not image.any(),
    )


def _read_part(
    reference: FrameReference, preprocessing: Callable[[dict[str, Any]], Any]
) -> dict[str, Any]:
    text = str(reference)
    if FrameReference.parse(text) != reference:
        msg = "expected another name: one of its frames has the name of another file"
        raise ReadError(msg)
    return dict(preprocessing({"image": text}))


def _describe_region(meta: Mapping[str, Any]) -> CalibratedRegion:
    mm = tuple(float(value) for value in meta["mm_per_pixel"])
    top, left, bottom, right = (int(edge) for edge in meta["region"])
    return CalibratedRegion(
        box=(top, left, bottom, right),
        mm_per_pixel=None if math.isnan(mm[0]) else (mm[0], mm[1]),
        origin=RegionOrigin(meta["region_origin"]),
        parts=_list_parts(meta["region_parts"], (top, left, bottom, right)),
    )


def _list_parts(boxes: Sequence[Sequence[int]], region: Box) -> tuple[Box, ...]:
    """List what a region is made of; nothing if that is the region itself."""
    parts = [(int(top), int(left), int(bottom), int(right)) for top, left, bottom, right in boxes]
    within = tuple(
        box
        for box in parts
        if box[2] > box[0]
        and all(edge >= least for edge, least in zip(box[:2], region[:2], strict=True))
        and all(edge <= most for edge, most in zip(box[2:], region[2:], strict=True))
    )
    return () if within == (region,) else within
