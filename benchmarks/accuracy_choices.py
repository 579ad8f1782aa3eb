"""What is chosen on the rows of a cross-validation: operating point, scale of malignancy.

The operating point, the least probability at which an image gets a mask, brings both shares that
are aimed at as near as can be: the larger of that of normal images marked, over 10 %, and that of
lesions missed, over 3 %, is least; of equal values, their sum, then the number of parts beside
lesions that are marked, and then the value. Where there are no normal images, those parts take
their place. A lesion is missed if its image has no mark at all.

The probability of malignancy is the mean of the network's second channel over the mask, scaled
(see `MalignancyScale`) by two numbers that are fitted here.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from pipeline.lesions import MalignancyScale

MARKED = 0.10
"""Share of normal images that are marked at the operating point, as aimed at."""

MISSED = 0.03
"""Share of lesions that are missed there, as aimed at."""

Row = dict[str, Any]


def choose_operating_point(rows: Sequence[Row]) -> float:
    """Choose the least probability of an image that gets a mask, see the head of this file.

    Args:
        rows: none of them of the images that are reported with it.

    Returns:
        0 to 1, a multiple of 0.01.
    """
    normals = [row for row in rows if row["normal"]] or [row for row in rows if row["part"]]
    lesions = [row for row in rows if row["lesion_px"]]
    quiet = np.array([row["probability"] for row in normals if row["pred_px"]])
    found = np.array([row["probability"] for row in lesions if row["pred_px"]])
    beside = np.array([row["probability"] for row in rows if row["part"] and row["pred_px"]])
    points = np.arange(100) / 100
    shares = [
        (
            (quiet >= point).sum() / len(normals) / MARKED,
            (len(lesions) - (found >= point).sum()) / len(lesions) / MISSED,
        )
        for point in points
    ]
    costs = [
        (round(max(each), 9), round(sum(each), 9), int((beside >= point).sum()))
        for each, point in zip(shares, points, strict=True)
    ]
    return costs.index(min(costs)) / 100


def fit_malignancy_scale(rows: Sequence[Row]) -> MalignancyScale:
    """Fit the scale by maximum likelihood.

    Args:
        rows: with `malignancy` as the network told it; those of no known pathology are left out.
    """
    known = [row for row in rows if row["malignancy"] is not None and is_told(row)]
    means = np.clip([row["malignancy"] for row in known], 1e-6, 1 - 1e-6)
    logits = np.log(means / (1 - means))
    signs = np.where([row["pathology"] == "malignant" for row in known], 1.0, -1.0)

    def lose(numbers: Sequence[float]) -> float:
        return float(np.logaddexp(0, -signs * (numbers[0] * logits + numbers[1])).mean())

    slope, offset = minimize(lose, (1.0, 0.0)).x
    return MalignancyScale(round(float(slope), 3), round(float(offset), 3))


def is_told(row: Row) -> bool:
    """Tell whether a row is of a lesion whose pathology is known."""
    return bool(row["lesion_px"]) and row["pathology"] in {"benign", "malignant"}
