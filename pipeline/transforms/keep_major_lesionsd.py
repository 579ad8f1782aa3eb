"""Drop specks beside a lesion."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_numpy
from skimage.measure import label


class KeepMajorLesionsd(MapTransform):
    """Clear the components that are small against the largest one.

    MONAI's `KeepLargestConnectedComponentd` keeps a fixed number of components; the number of
    lesions in an image is not known.

    Args:
        keys: masks (1, H, W), 0 or 1.
        share: of the largest component's area that a component must have (8 neighbours), 0 to 1;
            0 keeps all.

    Raises:
        ValueError: `share` is not within 0 to 1.

    Examples:
        >>> KeepMajorLesionsd("pred", share=0.5)({"pred": torch.tensor([[[1, 1, 1, 0, 1]]])})
        {'pred': tensor([[[1, 1, 1, 0, 0]]])}
    """

    def __init__(self, keys: KeysCollection, *, share: float) -> None:
        super().__init__(keys)
        if not 0 <= share <= 1:
            msg = f"expected a share from 0 to 1, got {share}"
            raise ValueError(msg)
        self.share = share

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Clear the small components.

        Returns:
            A copy of the item.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            components = label(convert_to_numpy(item[key][0]) > 0, connectivity=2)
            areas = np.bincount(components.ravel())
            areas[0] = 0
            kept = (areas >= self.share * areas.max()) & (areas > 0)
            item[key] = item[key] * torch.from_numpy(kept[components]).to(item[key].device)
        return item
