"""Sum up the scores of all images for a report."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.errors import ConfigError
from pipeline.metrics.bootstrap_interval import bootstrap_interval
from pipeline.metrics.evaluated_image import EvaluatedImage

SCORES = ("dice", "iou", "hd95_px", "assd_px", "precision", "recall")
"""Scores of `ImageScores` that are averaged over images, in reading order."""

LEVEL = 0.95
"""Share of the bootstrap means inside the reported interval."""

AVERAGING = (
    "mean over the images with a lesion, each counts once; "
    "hd95_px and assd_px leave out the missed ones; "
    "pooled_dice is over all their pixels at once"
)
"""What every number called `mean` is the mean of."""


def summarise(
    images: Sequence[EvaluatedImage],
    *,
    split: str,
    resolution: str = "source pixels",
    draws: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Sum up an evaluation, ready for JSON: no NaN, `None` where a number is undefined.

    Images with a lesion and normal ones are never mixed: the blocks `lesion` (a miss counts with
    Dice 0, `missed` says how many) and `normal` (any false lesion?) stand beside each other,
    over all images and again in `by_pathology` and `by_source`. What an image is comes from its
    true mask, not by its pathology.

    `interval_95` is a bootstrap interval of the mean over draws of whole groups, `wilson_95`
    Wilson's interval of a share, as if all images were independent. `std` is over images, with
    N - 1. `image_auc` is the chance that an image with a lesion has a higher probability than a
    normal one, ties counting half: U / (n1 n2) of the Mann-Whitney statistic (Hanley and McNeil
    1982, https://doi.org/10.1148/radiology.143.1.7063747).

    Args:
        images: what was evaluated, in any order.
        split: the list that was evaluated, such as `test`.
        resolution: the pixel grid in which scores, distances and areas were measured.
        draws: bootstrap draws.
        seed: decides the bootstrap draws.

    Returns:
        Nested dictionaries; the keys are the documentation of `summary.json`.

    Raises:
        ConfigError: there is no image, or `draws` is below 1.
    """
    if not images:
        msg = f"expected at least one image in split '{split}', got none"
        raise ConfigError(msg)

    # The order of a data loader must not move the seeded interval.
    images = sorted(images, key=lambda image: image.id)

    def block(part: Sequence[EvaluatedImage]) -> dict[str, Any]:
        return _describe(part, draws=draws, seed=seed)

    return {
        "split": split,
        "test_unit": "image",
        "averaging": AVERAGING,
        "resolution": resolution,
        "bootstrap": {"level": LEVEL, "draws": draws, "seed": seed, "drawn_unit": "group"},
        "images": len(images),
        "groups": len({image.group for image in images}),
        **block(images),
        "image_auc": _rank_auc(images),
        "by_pathology": _split_by(images, lambda image: image.pathology, block),
        "by_source": _split_by(images, lambda image: image.source, block),
    }


def _describe(images: Sequence[EvaluatedImage], *, draws: int, seed: int) -> dict[str, Any]:
    lesion = [image for image in images if image.scores.has_lesion]
    normal = [image for image in images if not image.scores.has_lesion]
    return {
        "lesion": _describe_lesions(lesion, draws=draws, seed=seed),
        "normal": _describe_normals(normal),
    }


def _describe_lesions(
    images: Sequence[EvaluatedImage], *, draws: int, seed: int
) -> dict[str, Any] | None:
    if not images:
        return None
    scores = [image.scores for image in images]
    missed = sum(score.missed for score in scores)
    areas = sum(score.pred_px + score.lesion_px for score in scores)
    values = np.array([[getattr(score, name) for name in SCORES] for score in scores], dtype=float)
    ends = bootstrap_interval(
        values, [image.group for image in images], draws=draws, level=LEVEL, seed=seed
    )
    return {
        "images": len(images),
        "missed": missed,
        **_describe_share("missed_share", missed, len(images)),
        "misplaced": sum(score.misplaced for score in scores),
        "with_false_lesion": sum(score.false_lesions > 0 for score in scores),
        **{
            name: _describe_values(column, end)
            for name, column, end in zip(SCORES, values.T, ends, strict=True)
        },
        "pooled_dice": 2 * sum(score.overlap_px for score in scores) / areas,
    }


def _describe_normals(images: Sequence[EvaluatedImage]) -> dict[str, Any] | None:
    if not images:
        return None
    false_areas = [image.scores.pred_px for image in images]
    disturbed = sum(area > 0 for area in false_areas)
    return {
        "images": len(images),
        "with_false_lesion": disturbed,
        **_describe_share("with_false_lesion_share", disturbed, len(images)),
        "false_lesions": sum(image.scores.false_lesions for image in images),
        "mean_false_area_px": sum(false_areas) / len(images),
    }


def _describe_values(values: NDArray[np.float64], ends: NDArray[np.float64]) -> dict[str, Any]:
    values = values[~np.isnan(values)]
    return {
        "images": values.size,
        "mean": float(values.mean()) if values.size else None,
        "std": float(values.std(ddof=1)) if values.size > 1 else None,
        "interval_95": _as_interval(ends),
        "median": float(np.median(values)) if values.size else None,
    }


def _describe_share(name: str, hits: int, number: int) -> dict[str, Any]:
    # A bootstrap of 0 hits in 40 images would claim an interval of [0, 0]; Wilson's does not.
    ends = stats.binomtest(hits, number).proportion_ci(LEVEL, method="wilson")
    return {name: hits / number, f"{name}_wilson_95": [float(ends.low), float(ends.high)]}


def _as_interval(ends: NDArray[np.float64]) -> list[float] | None:
    return None if np.isnan(ends).any() else [float(end) for end in ends]


def _rank_auc(images: Sequence[EvaluatedImage]) -> float | None:
    lesion = [image.probability for image in images if image.scores.has_lesion]
    normal = [image.probability for image in images if not image.scores.has_lesion]
    if not lesion or not normal:
        return None
    ranks = stats.rankdata(lesion + normal)[: len(lesion)]
    wins = ranks.sum() - len(lesion) * (len(lesion) + 1) / 2
    return float(wins) / (len(lesion) * len(normal))


def _split_by(
    images: Sequence[EvaluatedImage],
    name: Callable[[EvaluatedImage], str],
    block: Callable[[Sequence[EvaluatedImage]], dict[str, Any]],
) -> dict[str, Any]:
    names = sorted({name(image) for image in images})
    return {each: block([image for image in images if name(image) == each]) for each in names}
