"""Drop specks beside a lesion."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Transform
from monai.utils import convert_to_numpy
from skimage.measure import label


class KeepMajorLesions(Transform):
    """Clear the components that are small compared with the largest one.

    MONAI's `KeepLargestConnectedComponent` keeps a fixed number of components; the number of
    lesions in an image is not known.

    Args:
        share: of the largest component's area that a component must have (8 neighbours), 0 to 1;
            0 keeps all.

    Raises:
        ValueError: `share` is not within 0 to 1.

    Examples:
        >>> KeepMajorLesions(share=0.5)(torch.tensor([[[1, 1, 1, 0, 1]]]))
        tensor([[[1, 1, 1, 0, 0]]])
    """

    def __init__(self, *, share: float) -> None:
        if not 0 <= share <= 1:
            msg = f"expected a share from 0 to 1, got {share}"
            raise ValueError(msg)
        self.share = share

    def __call__(self, mask: torch.Tensor) -> torch.Tensor:
        """Clear the small components of a mask (1, H, W), 0 or 1."""
        components = label(convert_to_numpy(mask[0]) > 0, connectivity=2)
        areas = np.bincount(components.ravel())
        areas[0] = 0
        kept = (areas >= self.share * areas.max()) & (areas > 0)
        return mask * torch.from_numpy(kept[components]).to(mask.device)


class KeepMajorLesionsd(MapTransform):
    """Dictionary-based wrapper of `KeepMajorLesions`.

    Args:
        keys: masks (1, H, W), 0 or 1.
        share: see `KeepMajorLesions`.
    """

    def __init__(self, keys: KeysCollection, *, share: float) -> None:
        super().__init__(keys)
        self.keep = KeepMajorLesions(share=share)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Clear the small components."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.keep(item[key])
        return item
