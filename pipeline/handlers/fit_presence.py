"""Teach a trained network when to be silent."""

from array import array
from collections.abc import Callable, Iterable
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
from pipeline.handlers.list_views import Item, list_views
from pipeline.networks.lesion_unet import LesionUNet
from pipeline.networks.shrink_weights import shrink_weights

logger = get_logger(__name__)

_FEWEST = 10
"""Candidates of either kind from which a fit makes sense."""

_CONSTANT = 1e-3
"""Share of its mean up to which the deviation of a feature is noise."""

_LESION, _BESIDE, _HEALTHY = "lesion", "beside", "healthy"
"""What an outline is: a lesion, other tissue of an image with one, or of an image without."""


class FitPresence:
    """Fit the network's `PresenceHead` when the training is over, and put it into ``model.pt``.

    The network looks at the training images and at parts of them (see `list_views`). What it
    outlines there is a lesion, or it is not: a logistic regression on the features inside each
    outline learns which. Both kinds count alike; of those that are none, the ones in images
    without a lesion, which are few, count as much as all others. Weights are drawn to those that
    the head has, which are 0 in a new network (L2, after scaling each feature to unit variance).
    With too few of a kind the head stays as it is.

    A network of another kind, without such a head, is left alone.

    Place it after `TrainingCheckpoint` and before `TrainingRecord`.

    Args:
        output_dir: folder of ``model.pt``.
        trained: the network that was trained.
        network: like it, in the form that inference uses.
        items: dictionaries of ``image`` (1, H, W), 0 to 255, and ``label`` (1, H, W), 0 outside the
            lesion, at the size of the source: a part of an image is as sharp as a whole one.
        resize: takes such a dictionary to the network's size, the label to 0 and 1.
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
        strength: float = 0.03,
    ) -> None:
        self.path = Path(output_dir) / "model.pt"
        self.trained = trained
        self.network = network
        self.items = items
        self.resize = resize
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
        features, groups = self._describe_all()
        truth = groups == _LESION
        if min(truth.sum(), (~truth).sum()) < _FEWEST:
            logger.warning(
                "outlined %s lesions and %s other parts, expected %s of each: the network does not "
                "learn from these images when to be silent",
                *(truth.sum(), (~truth).sum(), _FEWEST),
            )
            return
        head = self.network.presence_head
        fitted, bias = fit_logistic(
            features,
            truth,
            groups,
            head.flatten_weights().double().cpu().numpy(),
            strength=self.strength,
        )
        head.set_weights(torch.from_numpy(fitted).float(), bias)
        buffer = BytesIO()
        torch.save(shrink_weights(self.network.state_dict()), buffer)
        write_atomically(self.path, buffer.getvalue())

    def _describe_all(self) -> tuple[NDArray[np.float32], NDArray[np.object_]]:
        """Give the features (N, F) of all candidates, and what each is."""
        # In one piece: thousands of small arrays that stay lie between the large ones that go, and
        # keep gigabytes from being used again.
        values, groups = array("f"), []
        for item in self.items:
            healthy = not (item["label"] > 0).any()
            for view in list_views(item):
                for row, group in self._describe(self.resize(view), healthy=healthy):
                    values.frombytes(row.tobytes())
                    groups.append(group)
        count = self.network.presence_head.flatten_weights().numel()
        features = np.frombuffer(values, np.float32).reshape(-1, count)
        return features, np.array(groups, object)

    @torch.no_grad()
    def _describe(self, view: Item, *, healthy: bool) -> list[tuple[NDArray[np.float32], str]]:
        device = next(self.network.parameters()).device
        label = torch.as_tensor(view["label"][:1]).as_subclass(torch.Tensor)
        normal = torch.as_tensor(NormalizeIntensity()(view["image"][:1]))
        normal = normal.as_subclass(torch.Tensor).float()
        maps = self.network.eval().list_maps(normal[None].to(device))
        (candidates,) = find_candidates(self.network.segmentation_head(maps[-1])[:, 0], label)
        head = self.network.presence_head
        other = _HEALTHY if healthy else _BESIDE
        return [
            (head.describe(maps, place.to(device)).cpu().numpy(), _LESION if is_lesion else other)
            for place, is_lesion in candidates
        ]


def fit_logistic(
    features: NDArray[np.float32],
    truth: NDArray[np.bool_],
    groups: NDArray[np.object_],
    start: NDArray[np.float64],
    *,
    strength: float,
) -> tuple[NDArray[np.float64], float]:
    """Fit a logistic regression in which both kinds count alike, and so do the groups of a kind.

    Args:
        features: (N, F).
        truth: (N,), of both kinds.
        groups: (N,) what each belongs to; no group is of both kinds.
        start: (F,) weights that the new ones are drawn to.
        strength: see `FitPresence`.

    Returns:
        Weights (F,) and bias, of features as they are.
    """
    mean = features.mean(axis=0)
    # What differs by rounding alone must not be blown up to unit variance.
    deviation = np.maximum(features.std(axis=0), _CONSTANT * np.abs(mean) + 1e-6)
    scaled = (features.astype(np.float64) - mean) / deviation
    weight = strength * _weigh(truth, groups)
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


def _weigh(truth: NDArray[np.bool_], groups: NDArray[np.object_]) -> NDArray[np.float64]:
    """Give each its weight; their sum is their number."""
    weight = np.zeros(len(truth))
    for kind in (True, False):
        names = set(groups[truth == kind])
        for name in names:
            mine = (truth == kind) & (groups == name)
            weight[mine] = len(truth) / (2 * len(names) * mine.sum())
    return weight
