"""Threshold relative to the image's lesion probability."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Transform


class RelativeThreshold(Transform):
    """Cut probabilities at a share of the image's own lesion probability.

    Two questions are kept apart: whether there is a lesion (`LesionProbabilityd` and
    `JudgeCandidatesd`) and where it ends. In an image that the network is sure of, the border is
    at `threshold`; in one whose lesion reaches a probability of 0.4 at most, a fixed threshold of
    0.5 would leave nothing of it, or its core alone.

    Args:
        threshold: share of the image's probability, 0 to 1.

    Examples:
        >>> RelativeThreshold(0.5)(torch.tensor([[[0.1, 0.3, 0.4]]]), 0.4).tolist()
        [[[0, 1, 1]]]
    """

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold

    def __call__(self, probabilities: torch.Tensor, whole: float) -> torch.Tensor:
        """Cut a map.

        Args:
            probabilities: (1, H, W), 0 to 1.
            whole: probability of the image, 0 to 1.

        Returns:
            Mask of 0 and 1, uint8, which takes a quarter of the memory.
        """
        return (probabilities >= self.threshold * whole).to(torch.uint8)


class RelativeThresholdd(MapTransform):
    """Dictionary-based wrapper of `RelativeThreshold`.

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
        self.cut = RelativeThreshold(threshold)
        self.probability_key = probability_key
        self.map_key = map_key

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Cut the maps.

        Returns:
            A copy of the item with masks of 0 and 1, uint8.
        """
        item = dict(data)
        whole = float(item[self.probability_key])
        for key in self.key_iterator(item):
            if self.map_key is not None:
                item[self.map_key] = item[key]
            item[key] = self.cut(item[key], whole)
        return item
