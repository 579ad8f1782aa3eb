"""Apply post-processing within the bounding box of a mask."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Compose, MapTransform


class WithinMaskd(MapTransform):
    """Run transforms on the part of a mask that is not empty, with a margin of one pixel.

    For transforms that depend on what is connected to what: they give the same as on the whole
    mask, in the time that the lesion's size takes and not the image's.

    Args:
        keys: masks (1, H, W), 0 or 1.
        transforms: of the same keys; they may clear and fill, and keep the size.

    Examples:
        >>> from monai.transforms import FillHolesd
        >>> ring = torch.tensor([[[0, 1, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1]]])
        >>> WithinMaskd("pred", [FillHolesd("pred")])({"pred": ring})["pred"][0, 1].tolist()
        [0, 1, 1, 1]
    """

    def __init__(self, keys: KeysCollection, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__(keys)
        self.transforms = Compose(transforms)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Run the transforms."""
        item = dict(data)
        for key in self.key_iterator(item):
            mask = item[key].as_subclass(torch.Tensor)
            window = _find_window(mask[0])
            if window is None:
                continue
            cleaned = mask.clone()
            cleaned[0][window] = self.transforms({key: mask[0][window][None]})[key][0]
            if isinstance(item[key], MetaTensor):
                cleaned = MetaTensor(cleaned).copy_meta_from(item[key])
            item[key] = cleaned
        return item


def _find_window(mask: torch.Tensor) -> tuple[slice, slice] | None:
    is_set = mask > 0
    edges = []
    for axis in (1, 0):
        found = is_set.any(dim=axis).nonzero()
        if not len(found):
            return None
        # MONAI takes a mask without any 0 for no mask at all: hence the margin.
        edges.append(slice(max(0, int(found[0]) - 1), int(found[-1]) + 2))
    return edges[0], edges[1]
