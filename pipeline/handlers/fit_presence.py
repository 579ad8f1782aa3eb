"""Teach a trained network when to be silent."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.transforms import NormalizeIntensity
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from torch import nn

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError
from pipeline.get_logger import get_logger
from pipeline.handlers.find_candidates import find_candidates
from pipeline.networks.lesion_unet import LesionUNet

logger = get_logger(__name__)

Item = Mapping[str, torch.Tensor]

LEAST_WIDTH = 0.3
"""Share of the width that a part beside a lesion needs to count as an image of its own."""

MARGIN = 0.03
"""Share of the width that is left between the lesion and that part."""

_FEWEST = 10
"""Candidates of either kind from which a fit makes sense."""


class FitPresence:
    """Fit the network's `PresenceHead` when the training is over, and put it into ``model.pt``.

    The network looks at the training images as they are, and at the parts beside their lesions.
    What it outlines there is a lesion, or it is not: a logistic regression on the features inside
    each outline learns which. Both kinds count alike, and weights are drawn to those that the head
    has, which are 0 in a new network (L2, after scaling each feature to unit variance). With too
    few of a kind the head stays as it is.

    A network of another kind, without such a head, is left alone.

    Place it after `TrainingCheckpoint` and before `TrainingRecord`.

    Args:
        output_dir: folder of ``model.pt``.
        trained: the network that was trained.
        network: like it, in the form that inference uses.
        items: dictionaries of ``image`` (1, H, W), 0 to 255, and ``label`` (1, H, W), 0 outside the
            lesion, at the size of the source: a part of an image is as sharp as a whole one.
        resize: takes such a dictionary to the network's size, the label to 0 and 1.
        images: most images with a lesion that are used.
        strength: of the data against the pull to the present weights, above 0: the inverse of the
            regularisation, as scikit-learn's `C`.
    """

    def __init__(
        self,
        output_dir: str | Path,
        trained: nn.Module,
        network: LesionUNet,
        items: Iterable[Item],
        resize: Callable[[Item], Item],
        *,
        images: int = 1000,
        strength: float = 0.03,
    ) -> None:
        self.path = Path(output_dir) / "model.pt"
        self.trained = trained
        self.network = network
        self.items = items
        self.resize = resize
        self.images = images
        self.strength = strength

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        if hasattr(self.trained, "presence_head"):
            engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self) -> None:
        """Fit and write.

        Raises:
            ConfigError: the network of inference is not like the trained one.
            WriteError: the file cannot be written.
        """
        weights = torch.load(self.path, map_location="cpu", weights_only=True)
        try:
            self.network.load_state_dict(weights)
        except RuntimeError as error:
            msg = f"expected judged_network_def to fit network_def: {error}"
            raise ConfigError(msg) from error
        views = map(self.resize, self._list_views())
        described = [row for view in views for row in self._describe(view)]
        truth = np.array([is_lesion for _, is_lesion in described], bool)
        if min(truth.sum(), (~truth).sum()) < _FEWEST:
            logger.warning(
                "outlined %s lesions and %s other parts, expected %s of each: the network does not "
                "learn from these images when to be silent",
                *(truth.sum(), (~truth).sum(), _FEWEST),
            )
            return
        head = self.network.presence_head
        fitted, bias = fit_logistic(
            np.stack([row for row, _ in described]),
            truth,
            head.flatten_weights().double().cpu().numpy(),
            strength=self.strength,
        )
        head.set_weights(torch.from_numpy(fitted).float(), bias)
        buffer = BytesIO()
        torch.save(self.network.state_dict(), buffer)
        write_atomically(self.path, buffer.getvalue())

    def _list_views(self) -> Iterator[Item]:
        """Yield whole images, and the parts beside their lesions."""
        shown = 0
        for item in self.items:
            label = np.asarray(item["label"][0]) > 0
            if label.any():
                shown += 1
                if shown > self.images:
                    continue
            yield item
            for first, last in find_parts_beside(label):
                yield {key: item[key][..., first:last] for key in ("image", "label")}

    @torch.no_grad()
    def _describe(self, view: Item) -> list[tuple[NDArray[np.float32], bool]]:
        device = next(self.network.parameters()).device
        label = torch.as_tensor(view["label"][:1]).as_subclass(torch.Tensor)
        normal = torch.as_tensor(NormalizeIntensity()(view["image"][:1]))
        normal = normal.as_subclass(torch.Tensor).float()
        maps = self.network.eval().list_maps(normal[None].to(device))
        (candidates,) = find_candidates(self.network.segmentation_head(maps[-1])[:, 0], label)
        head = self.network.presence_head
        return [
            (head.describe(maps, place.to(device)).cpu().numpy(), is_lesion)
            for place, is_lesion in candidates
        ]


def find_parts_beside(lesion: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Find the parts to the left and to the right of a lesion.

    Args:
        lesion: mask (H, W).

    Returns:
        Of each that is wide enough, the first column and the one after the last; none if there is
        no lesion.
    """
    columns = np.flatnonzero(lesion.any(axis=0))
    if not len(columns):
        return []
    width = lesion.shape[1]
    gap = round(MARGIN * width)
    parts = [(0, int(columns[0]) - gap), (int(columns[-1]) + 1 + gap, width)]
    return [(first, last) for first, last in parts if last - first >= LEAST_WIDTH * width]


def fit_logistic(
    features: NDArray[np.float32],
    truth: NDArray[np.bool_],
    start: NDArray[np.float64],
    *,
    strength: float,
) -> tuple[NDArray[np.float64], float]:
    """Fit a logistic regression in which both kinds count alike.

    Args:
        features: (N, F).
        truth: (N,), of both kinds.
        start: (F,) weights that the new ones are drawn to.
        strength: see `FitPresence`.

    Returns:
        Weights (F,) and bias, of features as they are.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = (features.astype(np.float64) - mean) / deviation
    share = np.where(truth, truth.mean(), 1 - truth.mean())
    weight = strength * 0.5 / share
    drawn = start * deviation

    def cost(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = scaled @ values[:-1] + values[-1]
        pull = values[:-1] - drawn
        entropy = -(weight * log_expit(np.where(truth, logit, -logit))).sum()
        slope = weight * (expit(logit) - truth)
        gradient = np.append(scaled.T @ slope + pull, slope.sum())
        return float(entropy + 0.5 * pull @ pull), gradient

    found = minimize(cost, np.append(drawn, 0.0), jac=True, method="L-BFGS-B").x
    weights = found[:-1] / deviation
    return weights, float(found[-1] - weights @ mean)
