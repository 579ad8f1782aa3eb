"""What is chosen on images of hospitals that were not trained on: operating points and scales.

A scale makes a probability of the mean of one of the network's channels over a lesion (see
`PlattScale`). For presence, each hospital's images with a lesion count as much as its images
without one (normal images, and parts beside lesions), and each hospital as much as another: the
probability is that of an image that is as likely to show a lesion as not.

The operating point is the least probability of a candidate that is marked. It is chosen for what it
costs: how many lesions fall silent that were outlined.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipeline.lesions import PlattScale
from pipeline.metrics.choose_operating_point import FOUND, choose_operating_point
from pipeline.metrics.choose_operating_point import SILENCED as DEFAULT

SILENCED = {"sensitive": DEFAULT, "specific": 0.1}
"""Share of the lesions, in the mean over hospitals, that an operating point may silence."""

Row = dict[str, Any]


def choose_point(rows: Sequence[Row], silenced: float = DEFAULT) -> float:
    """Choose an operating point, see `choose_operating_point`.

    Args:
        rows: of hospitals that were not trained on; none of those that are reported with it.
        silenced: share of the lesion images, in the mean over hospitals, that were found and fall
            silent.
    """
    scores: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["lesion_px"]:
            scores.setdefault(row["source"], []).append((row["probability"], row["dice"]))
    return choose_operating_point(scores, silenced)


def fit_presence_scale(rows: Sequence[Row]) -> PlattScale:
    """Fit the scale of presence by maximum likelihood, see the head of this file.

    Args:
        rows: with `probability` as the network gave it. Images in which nothing was outlined are
            left out, and so are lesions beside which something else was outlined.
    """
    asked = [row for row in rows if row["pred_px"]]
    asked = [row for row in asked if not row["lesion_px"] or row["dice"] >= FOUND]
    truth = np.array([bool(row["lesion_px"]) for row in asked])
    weights = np.zeros(len(asked))
    for source in {row["source"] for row in asked}:
        mine = np.array([row["source"] == source for row in asked])
        for value in (True, False):
            part = mine & (truth == value)
            weights[part] = 1 / max(part.sum(), 1)
    return _fit([row["probability"] for row in asked], truth, weights)


def apply_scale(rows: Sequence[Row], scale: PlattScale) -> list[Row]:
    """Scale the probabilities of rows."""
    return [{**row, "probability": scale.scale(row["probability"])} for row in rows]


def fit_malignancy_scale(rows: Sequence[Row]) -> PlattScale:
    """Fit the scale of malignancy by maximum likelihood.

    Args:
        rows: with `malignancy` as the network gave it; those of no known pathology are left out.
    """
    known = [row for row in rows if row["malignancy"] is not None and is_known(row)]
    truth = np.array([row["pathology"] == "malignant" for row in known])
    return _fit([row["malignancy"] for row in known], truth, np.ones(len(known)))


def is_known(row: Row) -> bool:
    """Return whether a row is of a lesion whose pathology is known."""
    return bool(row["lesion_px"]) and row["pathology"] in {"benign", "malignant"}


def _fit(
    means: Sequence[float], truth: NDArray[np.bool_], weights: NDArray[np.float64]
) -> PlattScale:
    clipped = np.clip(means, 1e-6, 1 - 1e-6)
    logits = np.log(clipped / (1 - clipped))
    signs = np.where(truth, 1.0, -1.0)

    def lose(numbers: Sequence[float]) -> float:
        losses = np.logaddexp(0, -signs * (numbers[0] * logits + numbers[1]))
        return float(weights @ losses / weights.sum())

    slope, offset = minimize(lose, (1.0, 0.0)).x
    return PlattScale(round(float(slope), 3), round(float(offset), 3))
