"""What was found in one B-mode image, and in a frame that has several."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.readers.region.calibrated_region import Box, CalibratedRegion, RegionOrigin


@dataclass(frozen=True)
class FramePart:
    """The post-processed output of one B-mode image, or of all of a frame after `join`.

    Attributes:
        mask: (H, W) bool at the size of the whole frame, `True` where there is lesion.
        probability: (H, W) float32, 0 to 1; 0 outside of the regions.
        malignancy: (H, W) float32, 0 to 1, the network's second channel; `None` if it has none.
        presence: (H, W) float32, 0 to 1, at each lesion its probability of being one, else 0;
            `None` if no candidate was judged.
        lesion_probability: that there is a lesion at all, 0 to 1.
        outline_doubt: see `OutlineDoubtd`, 0 or more.
        regions: the B-mode images.
    """

    mask: NDArray[np.bool_]
    probability: NDArray[np.float32]
    malignancy: NDArray[np.float32] | None
    presence: NDArray[np.float32] | None
    lesion_probability: float
    outline_doubt: float
    regions: tuple[CalibratedRegion, ...]

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> "FramePart":
        """Read an item behind the post-processing of ``inference.json``.

        Args:
            item: has ``image`` with the metadata of `UltrasoundReader`, ``pred``, ``probability``,
                ``lesion_probability`` and ``outline_doubt``, and may have ``malignancy`` and
                ``presence``.
        """
        meta = item["image"].meta
        mm = tuple(float(value) for value in meta["mm_per_pixel"])
        top, left, bottom, right = (int(edge) for edge in meta["region"])
        region = CalibratedRegion(
            box=(top, left, bottom, right),
            mm_per_pixel=None if math.isnan(mm[0]) else (mm[0], mm[1]),
            origin=RegionOrigin(meta["region_origin"]),
            parts=_list_parts(meta["region_parts"], (top, left, bottom, right)),
        )
        malignancy, presence = item.get("malignancy"), item.get("presence")
        return cls(
            mask=np.asarray(item["pred"][0]) > 0,
            probability=np.asarray(item["probability"][0], np.float32),
            malignancy=None if malignancy is None else np.asarray(malignancy[0], np.float32),
            presence=None if presence is None else np.asarray(presence[0], np.float32),
            lesion_probability=float(item["lesion_probability"]),
            outline_doubt=float(item["outline_doubt"]),
            regions=(region,),
        )

    @classmethod
    def join(cls, parts: Sequence["FramePart"]) -> "FramePart":
        """Put the parts of a frame together.

        Args:
            parts: at least one, all of one frame.
        """
        if len(parts) == 1:
            return parts[0]
        mask = np.any([part.mask for part in parts], axis=0)
        # The one with a lesion counts, whose outline may be sharp beside an empty image.
        doubts = [part.outline_doubt for part in parts if part.mask.any() or not mask.any()]
        malignancies = [part.malignancy for part in parts if part.malignancy is not None]
        presences = [part.presence for part in parts if part.presence is not None]
        return cls(
            mask=mask,
            probability=np.max([part.probability for part in parts], axis=0),
            malignancy=np.max(malignancies, axis=0) if malignancies else None,
            presence=np.max(presences, axis=0) if presences else None,
            lesion_probability=max(part.lesion_probability for part in parts),
            outline_doubt=max(doubts),
            regions=tuple(region for part in parts for region in part.regions),
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
