"""A step of an evaluator that takes whole frames, as inference does."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.engines import SupervisedEvaluator

from pipeline.results.frame_part import FramePart


class SegmentFrames:
    """Segment every B-mode image of a frame and put them together; an `iteration_update`.

    The evaluator does no post-processing of its own and does not decollate.

    Args:
        postprocessing: that of ``inference.json``, see `ResultsWriter`.
    """

    def __init__(self, postprocessing: Callable[[dict[str, Any]], Any]) -> None:
        self.postprocessing = postprocessing

    def __call__(
        self, engine: SupervisedEvaluator, batch: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Segment a batch.

        Args:
            engine: whose network and inferer are used.
            batch: items of `FrameDataset`.

        Returns:
            For each frame ``original``, ``label`` and ``pred`` (1, H, W), and what else
            `EvaluationItem` takes, at the size of the source.
        """
        with engine.mode(engine.network):
            return [self._segment(engine, frame) for frame in batch]

    def _segment(self, engine: SupervisedEvaluator, frame: dict[str, Any]) -> dict[str, Any]:
        parts = []
        for item in frame["parts"]:
            image = torch.as_tensor(item["image"]).as_subclass(torch.Tensor)
            logits = engine.inferer(image[None].to(engine.state.device), engine.network)
            parts.append(FramePart.read(self.postprocessing({**item, "pred": logits[0].cpu()})))
        whole = FramePart.join(parts)
        output = {
            "original": frame["parts"][0]["original"],
            "label": frame["label"],
            "pred": torch.from_numpy(whole.mask[None]).float(),
            "probability": whole.probability[None],
            "lesion_probability": whole.lesion_probability,
            "outline_doubt": whole.outline_doubt,
        }
        if whole.malignancy is not None:
            output["malignancy"] = whole.malignancy[None]
        return output
