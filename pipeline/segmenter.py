"""The way of one image, for inference, evaluation, the annotation server and the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from numpy.typing import NDArray

from pipeline.datasets.read_frame import read_frame
from pipeline.inferers.model import Model
from pipeline.lesions.enlarge_lesion import enlarge_lesion, enlarge_map
from pipeline.lesions.judge_quality import judge_quality
from pipeline.lesions.lesion import Lesion, find_lesions
from pipeline.lesions.platt_scale import PlattScale
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.region.calibrated_region import CalibratedRegion
from pipeline.readers.region.shrink_region import shrink_region
from pipeline.readers.ultrasound_reader import UltrasoundReader
from pipeline.results.frame import Frame
from pipeline.results.result import Result


class Segmenter:
    """Segment frames by the parts of ``configs/inference.json``.

    `read`, `compute` and `finish` are the three steps of `segment`. One thread may read and
    finish while another one computes; each of the three is for one thread at a time.

    Args:
        reader: the one that `preprocessing` uses.
        preprocessing: see `read_frame`.
        model: the network and its weights, which are loaded when something is computed first.
        inferer: calls the network.
        postprocessing: takes an item of `preprocessing` with ``pred``, the logits (C, h, w), to
            ``pred`` (1, H, W) 0 or 1 and ``probability`` (1, H, W) at the size of the source,
            ``lesion_probability`` and ``boundary_uncertainty``; and to ``presence``,
            ``malignancy`` and ``suppressed`` (1, H, W) if the network has channels for them.
        malignancy_scale: makes a probability of the malignancy channel.
        keep_maps: keep the probability maps in results, which takes 8 bytes a pixel.
    """

    def __init__(
        self,
        reader: UltrasoundReader,
        preprocessing: Callable[[dict[str, Any]], Any],
        model: Model,
        inferer: Inferer,
        postprocessing: Callable[[dict[str, Any]], Any],
        *,
        malignancy_scale: PlattScale = PlattScale(),  # noqa: B008
        keep_maps: bool = False,
    ) -> None:
        self.reader = reader
        self.preprocessing = preprocessing
        self.model = model
        self.inferer = inferer
        self.postprocessing = postprocessing
        self.malignancy_scale = malignancy_scale
        self.keep_maps = keep_maps

    def segment(self, frame: Frame) -> Result:
        """Segment a frame.

        Args:
            frame: what `read` returned.

        Raises:
            ConfigError: the weights are missing, damaged or do not fit the network.
        """
        return self.finish(frame, self.compute(frame))

    def read(self, path: Path, number: int | None = None) -> Frame:
        """Read a frame.

        Args:
            path: an image file.
            number: of the frame from 1, `None` for a file with a single one.

        Raises:
            SkippedError: the file is sound, but no ultrasound image.
            ReadError: the file is damaged, or has several frames and none was named.
        """
        return read_frame(FrameReference(path, number), self.preprocessing)

    def compute(self, frame: Frame) -> torch.Tensor:
        """Run the network on all B-mode images of a frame.

        Args:
            frame: what `read` returned.

        Returns:
            Logits (R, C, h, w), float32 on the CPU, in the order of the frame's regions.

        Raises:
            ConfigError: the weights are missing, damaged or do not fit the network.
        """
        self.model.load()
        network = self.model.network
        device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
        images = [torch.as_tensor(part["image"]) for part in frame.parts]
        batch = torch.stack([image.as_subclass(torch.Tensor) for image in images])
        with torch.no_grad():
            logits: torch.Tensor = self.inferer(batch.to(device), network)
        return logits.cpu()

    def finish(self, frame: Frame, logits: torch.Tensor) -> Result:
        """Turn the network's output into masks and lesions.

        Args:
            frame: what `read` returned.
            logits: what `compute` returned.
        """
        found = [
            _Found.read(self.postprocessing({**part, "pred": each}))
            for part, each in zip(frame.parts, logits, strict=True)
        ]
        whole = _Found.join(found)
        found.clear()
        step, shape = frame.shrunk_by, (frame.image.shape[0], frame.image.shape[1])
        regions = [shrink_region(each, step) if step > 1 else each for each in frame.regions]
        lesions = self._find_lesions(whole, whole.mask, regions)
        suppressed = self._find_lesions(whole, whole.suppressed, regions)
        # Nothing is known of the brightness of an image that was blanked as a whole.
        image = None if frame.is_blanked else frame.image[::step, ::step]
        uncertainty = whole.boundary_uncertainty
        quality = judge_quality(
            image,
            whole.mask,
            regions,
            boundary_uncertainty=uncertainty,
            coloured=frame.coloured,
        )
        maps = (whole.probability, whole.malignancy) if self.keep_maps else (None, None)
        return Result(
            file=frame.source.file,
            frame=frame.number,
            image=frame.image,
            mask=enlarge_map(whole.mask, step, shape),
            lesions=tuple(enlarge_lesion(each, step) for each in lesions),
            suppressed=tuple(enlarge_lesion(each, step) for each in suppressed),
            probability=whole.lesion_probability,
            boundary_uncertainty=uncertainty,
            quality=quality,
            is_blanked=frame.is_blanked,
            regions=frame.regions,
            header=frame.source.header,
            probability_map=None if maps[0] is None else enlarge_map(maps[0], step, shape),
            malignancy_map=None if maps[1] is None else enlarge_map(maps[1], step, shape),
        )

    def _find_lesions(
        self, whole: "_Found", mask: NDArray[np.bool_], regions: Sequence[CalibratedRegion]
    ) -> list[Lesion]:
        return find_lesions(
            mask,
            whole.probability,
            regions=regions,
            presence=whole.presence,
            malignancy=whole.malignancy,
            malignancy_scale=self.malignancy_scale,
        )


@dataclass(frozen=True)
class _Found:
    """What was found in one B-mode image, or in all of a frame after `join`; each map (H, W)."""

    mask: NDArray[np.bool_]
    suppressed: NDArray[np.bool_]
    probability: NDArray[np.float32]
    malignancy: NDArray[np.float32] | None
    presence: NDArray[np.float32] | None
    lesion_probability: float
    boundary_uncertainty: float

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> "_Found":
        mask = np.asarray(item["pred"][0]) > 0
        suppressed = item.get("suppressed")
        return cls(
            mask=mask,
            suppressed=np.zeros_like(mask) if suppressed is None else np.asarray(suppressed[0]) > 0,
            probability=np.asarray(item["probability"][0], np.float32),
            malignancy=_take(item, "malignancy"),
            presence=_take(item, "presence"),
            lesion_probability=float(item["lesion_probability"]),
            boundary_uncertainty=float(item["boundary_uncertainty"]),
        )

    @classmethod
    def join(cls, parts: Sequence["_Found"]) -> "_Found":
        if len(parts) == 1:
            return parts[0]
        mask = np.any([part.mask for part in parts], axis=0)
        # The one with a lesion counts, whose outline may be sharp beside an empty image.
        uncertainties = [
            part.boundary_uncertainty for part in parts if part.mask.any() or not mask.any()
        ]
        return cls(
            mask=mask,
            suppressed=np.any([part.suppressed for part in parts], axis=0) & ~mask,
            probability=np.max([part.probability for part in parts], axis=0),
            malignancy=_join([part.malignancy for part in parts]),
            presence=_join([part.presence for part in parts]),
            lesion_probability=max(part.lesion_probability for part in parts),
            boundary_uncertainty=max(uncertainties),
        )


def _take(item: Mapping[str, Any], key: str) -> NDArray[np.float32] | None:
    return np.asarray(item[key][0], np.float32) if key in item else None


def _join(maps: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32] | None:
    known = [each for each in maps if each is not None]
    joined: NDArray[np.float32] | None = np.max(known, axis=0) if known else None
    return joined
