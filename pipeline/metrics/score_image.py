"""Scores of one predicted mask against the true one."""

from typing import Any

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from pipeline.metrics.image_scores import ImageScores

Mask = NDArray[np.bool_]

HAUSDORFF_PERCENTILE = 95.0
"""Percentile of the boundary distances that HD95 takes instead of their maximum."""

EIGHT_CONNECTED = np.ones((3, 3), dtype=np.bool_)
"""Pixels that touch by a corner belong to one component."""


def score_image(pred: Any, label: Any) -> ImageScores:
    """Score one binary prediction against one binary truth, in the pixels given.

    With P the predicted and T the true pixels, ∂ their boundaries and d the Euclidean distance
    of a pixel to the nearest one of a set (Maier-Hein et al., Metrics reloaded, Nature Methods
    2024, https://doi.org/10.1038/s41592-023-02151-z)::

        Dice      = 2 |P ∩ T| / (|P| + |T|)
        IoU       = |P ∩ T| / (|P| + |T| - |P ∩ T|)
        precision = |P ∩ T| / |P|
        recall    = |P ∩ T| / |T|
        HD95      = max(q95 d(p, ∂T) over p in ∂P, q95 d(t, ∂P) over t in ∂T)
        ASSD      = (sum of d(p, ∂T) + sum of d(t, ∂P)) / (|∂P| + |∂T|)

    The boundary is the set of mask pixels with a pixel outside the mask, or outside the image,
    above, below, left or right of them. Conventions for empty masks:

    - Truth without a lesion (a normal image): all six scores are `None`. Such an image says
      nothing of overlap; `pred_px` and `false_lesions` show whether anything was marked.
    - Truth with a lesion, empty prediction (a miss): Dice, IoU and recall are 0. Precision is
      0 / 0 and set to 0, so that to predict nothing never raises its mean. HD95 and ASSD are
      `None`: a penalty would be arbitrary. Their mean must stand beside the number of misses.

    Args:
        pred: array or tensor (H, W) or (1, H, W) of any dtype with the values 0 and 1.
        label: the truth, of the same shape.

    Returns:
        The scores; distances and areas in pixels of the arrays given.

    Raises:
        ValueError: the shapes differ, are not (H, W) or (1, H, W), or there are values
            other than 0 and 1.

    Examples:
        >>> truth = np.zeros((8, 8), dtype=np.uint8)
        >>> truth[2:6, 2:6] = 1
        >>> scores = score_image(np.roll(truth, 2, axis=1), truth)
        >>> scores.dice, scores.hd95_px, scores.false_lesions
        (0.5, 2.0, 0)
    """
    predicted = _as_mask(pred, "pred")
    true = _as_mask(label, "label")
    if predicted.shape != true.shape:
        msg = f"expected pred and label of one shape, got {predicted.shape} and {true.shape}"
        raise ValueError(msg)
    overlap = predicted & true
    pred_px, lesion_px, overlap_px = (int(mask.sum()) for mask in (predicted, true, overlap))
    hd95_px, assd_px = (
        _measure_distances(predicted, true) if pred_px and lesion_px else (None, None)
    )
    return ImageScores(
        dice=2 * overlap_px / (pred_px + lesion_px) if lesion_px else None,
        iou=overlap_px / (pred_px + lesion_px - overlap_px) if lesion_px else None,
        hd95_px=hd95_px,
        assd_px=assd_px,
        precision=overlap_px / max(pred_px, 1) if lesion_px else None,
        recall=overlap_px / lesion_px if lesion_px else None,
        lesion_px=lesion_px,
        pred_px=pred_px,
        overlap_px=overlap_px,
        false_lesions=_count_components_off(predicted, true),
    )


def _as_mask(data: Any, name: str) -> Mask:
    array = np.asarray(convert_to_numpy(data))
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 2:
        msg = f"expected {name} of shape (H, W) or (1, H, W), got {array.shape}"
        raise ValueError(msg)
    mask: Mask = array == 1
    if not np.array_equal(mask, array != 0):
        msg = f"expected {name} of values 0 and 1, got {array.min()} to {array.max()}"
        raise ValueError(msg)
    return mask


def _count_components_off(pred: Mask, label: Mask) -> int:
    components, number = ndimage.label(pred, structure=EIGHT_CONNECTED)
    return int(number) - np.unique(components[pred & label]).size


# MONAI 1.6.1 has both distances, each with its own pass, and its get_mask_edges warns of its own
# deprecated argument at every process start; the tests hold these lines against MONAI's values.
def _measure_distances(pred: Mask, label: Mask) -> tuple[float, float]:
    """Return HD95 and ASSD in pixels of two masks that are not empty."""
    pred_edge, label_edge = _find_boundary(pred), _find_boundary(label)
    to_label = KDTree(label_edge).query(pred_edge)[0]
    to_pred = KDTree(pred_edge).query(label_edge)[0]
    hd95 = max(np.percentile(part, HAUSDORFF_PERCENTILE) for part in (to_label, to_pred))
    return float(hd95), float(np.concatenate((to_label, to_pred)).mean())


def _find_boundary(mask: Mask) -> NDArray[np.intp]:
    """Return (row, column) of the boundary pixels, shape (N, 2)."""
    return np.argwhere(mask & ~ndimage.binary_erosion(mask))
