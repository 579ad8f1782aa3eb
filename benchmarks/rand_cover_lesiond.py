"""Experiment: tissue in the place of a lesion, as an example of an image without one."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

_SEAM_PX = 4
"""Columns on each side of the seam along which the tissue of both sides is mixed."""


class RandCoverLesiond(RandomizableTransform, MapTransform):
    """Cover the columns of the lesion with the tissue at both sides of them, mirrored.

    Whatever else gives away that an image is from a set with lesions stays, so that a network has
    to look for the lesion itself. Depth stays depth, and what the lesion casts below it goes with
    it. So that the seam does not give away that there is no lesion, other columns are covered in
    some images. Where the tissue beside the columns is narrower than they are, the image stays as
    it is.

    Args:
        keys: image and label, each (C, H, W).
        label_key: the one that is above 0 in the lesion; it becomes 0.
        prob: probability of trying.
        margin: least and largest share of the width that is covered on each side of the lesion.
        decoy: probability, where it tries, of other columns, with no lesion in them.
        decoy_share: least and largest share of the width that those are.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        label_key: str = "label",
        prob: float = 0.1,
        margin: tuple[float, float] = (0.02, 0.08),
        decoy: float = 0.5,
        decoy_share: tuple[float, float] = (0.1, 0.35),
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self.label_key = label_key
        self.margin = margin
        self.decoy = decoy
        self.decoy_share = decoy_share
        self._is_decoy = False
        self._margins = self._window = (0.0, 0.0)
        self._seam = 0.0

    def randomize(self, data: object = None) -> None:
        """Draw whether to act and where; all that is drawn are shares."""
        super().randomize(data)
        self._is_decoy = self.R.uniform() < self.decoy
        self._margins = (self.R.uniform(*self.margin), self.R.uniform(*self.margin))
        self._window = (self.R.uniform(*self.decoy_share), self.R.uniform())
        self._seam = self.R.uniform()

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Cover columns.

        Returns:
            A copy of the item; its label is empty if the lesion was covered.
        """
        item = dict(data)
        self.randomize()
        has_lesion = (item[self.label_key][0] > 0).any(dim=0)
        if not self._do_transform:
            return item
        columns = self._choose_other(has_lesion) if self._is_decoy else self._choose(has_lesion)
        if columns is None:
            return item
        left, right = columns
        # Each side reaches as far as its tissue, so that the seam lies between these two.
        first, last = max(left, 2 * right - len(has_lesion)), min(right, 2 * left)
        if first > last:
            return item
        seam = first + round(self._seam * (last - first))
        for key in self.key_iterator(item):
            if key != self.label_key:
                item[key] = _cover(item[key], left, right, seam)
            elif not self._is_decoy:
                item[key] = torch.zeros_like(item[key])
        return item

    def _choose(self, has_lesion: torch.Tensor) -> tuple[int, int] | None:
        found = has_lesion.nonzero()
        if not len(found):
            return None
        width = len(has_lesion)
        before, after = (round(margin * width) for margin in self._margins)
        return max(0, int(found[0]) - before), min(width, int(found[-1]) + 1 + after)

    def _choose_other(self, has_lesion: torch.Tensor) -> tuple[int, int] | None:
        width = len(has_lesion)
        size = round(self._window[0] * width)
        left = round(self._window[1] * (width - size))
        return None if has_lesion[left : left + size].any() else (left, left + size)


def _cover(image: torch.Tensor, left: int, right: int, seam: int) -> torch.Tensor:
    width = image.shape[-1]
    column = torch.arange(width, device=image.device)
    is_covered = (column >= left) & (column < right)
    from_left = torch.where(is_covered, 2 * left - 1 - column, column)
    from_right = torch.where(is_covered, 2 * right - 1 - column, column)
    share = ((column - seam + 0.5) / (2 * _SEAM_PX) + 0.5).clamp(0, 1)  # of the right side
    share[from_left < 0] = 1
    share[from_right >= width] = 0
    at_left, at_right = (image[..., each.clamp(0, width - 1)] for each in (from_left, from_right))
    return at_left + share.to(image.dtype) * (at_right - at_left)
