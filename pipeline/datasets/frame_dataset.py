"""The frames of a datalist, each with its label and all of its B-mode images."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from pipeline.datasets.read_frame import read_frame
from pipeline.readers.frame_reference import FrameReference


class FrameDataset(Dataset[dict[str, Any]]):
    """Load the frames of a datalist as inference does.

    An item has the keys of the datalist; ``label``, the whole frame's as `label_transform` leaves
    it; and ``frame``, a `Frame`.

    Args:
        data: items of a datalist, each with the paths ``image`` and ``label``.
        transform: the preprocessing, see `read_frame`.
        label_transform: of an item with ``label`` alone; starts with `LoadImaged`.
    """

    def __init__(
        self,
        data: Sequence[dict[str, Any]],
        transform: Callable[[dict[str, Any]], Any],
        label_transform: Callable[[dict[str, Any]], Any],
    ) -> None:
        self.data = data
        self.transform = transform
        self.label_transform = label_transform

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = self.data[index]
        label = self.label_transform({"label": item["label"]})["label"]
        frame = read_frame(FrameReference(Path(item["image"])), self.transform)
        return {**item, "label": label, "frame": frame}
