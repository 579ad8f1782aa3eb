"""Threshold relative to the image's lesion probability."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform


class RelativeThresholdd(MapTransform):
    """Cut probabilities at a share of the image's own lesion probability.

    Two questions are kept apart: whether there is a lesion (`LesionProbabilityd` and
    `JudgeCandidatesd`) and where it ends. In an image that the network is sure of, the border is
    at `threshold`; in one whose lesion reaches a probability of 0.4 at most, a fixed threshold of
    0.5 would leave nothing of it, or its core alone.

    Args:
        keys: probability maps (1, H, W), 0 to 1.
        threshold: share of the image's probability, 0 to 1.
        probability_key: the image's probability, a scalar, 0 to 1.
        map_key: where the map of the only key is kept as it was.

    Examples:
        >>> item = {"pred": torch.tensor([[[0.1, 0.3, 0.4]]]), "lesion_probability": 0.4}
        >>> RelativeThresholdd("pred")(item)["pred"].tolist()
        [[[0, 1, 1]]]
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        threshold: float = 0.5,
        probability_key: str = "lesion_probability",
        map_key: Hashable | None = None,
    ) -> None:
        super().__init__(keys)
        self.threshold = threshold
        self.probability_key = probability_key
        self.map_key = map_key

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Cut the maps.

        Returns:
            A copy of the item with masks of 0 and 1, uint8, which take a quarter of the memory.
        """
        item = dict(data)
        threshold = self.threshold * float(item[self.probability_key])
        for key in self.key_iterator(item):
            if self.map_key is not None:
                item[self.map_key] = item[key]
            item[key] = (item[key] >= threshold).to(torch.uint8)
        return item
