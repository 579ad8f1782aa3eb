"""A step of an evaluator that takes whole frames, as inference does."""

from collections.abc import Sequence
from typing import Any

import torch
from monai.engines import SupervisedEvaluator

from pipeline.results.result import Result
from pipeline.segmenter import Segmenter


class SegmentFrames:
    """Segment each frame of a batch; an `iteration_update`.

    The evaluator does no post-processing of its own and does not decollate.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter

    def __call__(
        self, engine: SupervisedEvaluator, batch: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Segment a batch.

        Args:
            engine: is not asked for anything.
            batch: items of `FrameDataset`.

        Returns:
            For each frame ``original``, ``label`` and ``pred`` (1, H, W), and what else
            `EvaluationItem` takes, at the size of the source.
        """
        return [_describe(item, self.segmenter.segment(item["frame"])) for item in batch]


def _describe(item: dict[str, Any], result: Result) -> dict[str, Any]:
    output = {
        "original": result.image[None],
        "label": item["label"],
        "pred": torch.from_numpy(result.mask[None]).float(),
        "lesion_probability": result.probability,
        "boundary_uncertainty": result.boundary_uncertainty,
    }
    if result.probability_map is not None:
        output["probability"] = result.probability_map[None]
    if result.malignancy_map is not None:
        output["malignancy"] = result.malignancy_map[None]
    return output
