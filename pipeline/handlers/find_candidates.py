"""Candidate lesions: the parts that a network outlines, and whether each is a lesion."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import label as label_components

Candidate = tuple[torch.Tensor, bool]
"""A mask (H, W) bool, and whether a lesion is there."""

_HIGHEST = 200
"""Pixels whose mean probability is the image's, as in `LesionProbabilityd`."""

_SHARE = 0.5
"""Of that probability, from which a pixel is outlined, as `threshold` in inference."""

_LEAST_PX = 64
_HIT, _MISS = 0.25, 0.05
"""Share of a candidate inside the lesion from which it is one, and up to which it is none."""

_EIGHT = np.ones((3, 3), bool)


@torch.no_grad()
def find_candidates(outline: torch.Tensor, lesion: torch.Tensor) -> list[list[Candidate]]:
    """Find what the network outlines in each image of a batch.

    What covers only a little of a lesion counts as neither.

    Args:
        outline: logits (B, H, W) of the first channel.
        lesion: (B, H, W) float, 1 in the lesion and 0 elsewhere.

    Returns:
        For each image its candidates, on the CPU; none if nothing is outlined.
    """
    probability = outline.float().sigmoid()
    highest = probability.flatten(1).topk(min(_HIGHEST, probability[0].numel())).values
    marked = probability >= _SHARE * highest.mean(dim=1)[:, None, None]
    return [
        _list_candidates(marks, truth)
        for marks, truth in zip(marked.cpu().numpy(), (lesion > 0).cpu().numpy(), strict=True)
    ]


def _list_candidates(marks: NDArray[np.bool_], truth: NDArray[np.bool_]) -> list[Candidate]:
    components, count = label_components(marks, _EIGHT)
    areas = np.bincount(components.ravel(), minlength=count + 1)
    hits = np.bincount(components[truth], minlength=count + 1) / areas.clip(min=1)
    return [
        (torch.from_numpy(components == number), bool(hits[number] >= _HIT))
        for number in range(1, count + 1)
        if areas[number] >= _LEAST_PX and not _MISS < hits[number] < _HIT
    ]
