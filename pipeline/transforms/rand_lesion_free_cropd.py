"""Random part of an image that holds no lesion, as an example of normal tissue."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform
from torch.nn.functional import interpolate

_TRIES = 10


class RandLesionFreeCropd(RandomizableTransform, MapTransform):
    """Replace an image by a part of it beside the lesion, enlarged to the size of the whole.

    Sets with lesions on every image teach a network that there is always one. Where no part of
    the drawn size is free of the lesion, the image stays as it is, and so does one without a
    lesion.

    Args:
        keys: image and label, each (C, H, W); both are cut alike.
        label_key: the one that is above 0 in the lesion.
        prob: probability of trying.
        share: least and largest height and width of the part, as shares of those of the image.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        label_key: str = "label",
        prob: float = 0.1,
        share: tuple[float, float] = (0.4, 0.75),
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self.label_key = label_key
        self.share = share
        self._windows: list[tuple[float, ...]] = []

    def randomize(self, data: object = None) -> None:
        """Draw whether to act, and the windows to try: height, width, top and left as shares."""
        super().randomize(data)
        self._windows = [
            (*self.R.uniform(*self.share, size=2), *self.R.uniform(size=2)) for _ in range(_TRIES)
        ]

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Cut all keys alike.

        Returns:
            A copy of the item with the keys changed, if a part was found, at their size.
        """
        item = dict(data)
        self.randomize()
        lesion = item[self.label_key][0] > 0
        if not self._do_transform or not lesion.any():
            return item
        height, width = lesion.shape
        for share_high, share_wide, top, left in self._windows:
            rows, columns = int(share_high * height), int(share_wide * width)
            first_row, first_column = int(top * (height - rows)), int(left * (width - columns))
            window = (
                slice(first_row, first_row + rows),
                slice(first_column, first_column + columns),
            )
            if lesion[window].any():
                continue
            for key in self.key_iterator(item):
                part = item[key][:, window[0], window[1]]
                # The label holds nothing here, but its channels must stay codes.
                mode = "nearest" if key == self.label_key else "bilinear"
                item[key] = interpolate(part[None], (height, width), mode=mode)[0]
            break
        return item
