"""One item of an evaluator's output."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.score_image import score_image

TOP_PIXELS = 200
"""The mean of so many highest pixel probabilities stands in for an image's probability."""


class EvaluationItem:
    """Reads what an evaluation needs from one decollated item.

    An item has `id` (a string); `label` and `pred`, masks (1, H, W) of 0 and 1 at the size of
    the source; `original`, the grey image (1, H, W) of 0 to 255 at the same size; `probability`,
    (1, H, W) of 0 to 1. It may have `lesion_probability`, one number of 0 to 1 for the whole
    image; without it the mean of the `TOP_PIXELS` highest pixel probabilities is taken. It may
    have one number `boundary_uncertainty` (see `BoundaryUncertaintyd`), `malignancy` (1, H, W) of
    0 to 1 (see `SplitJudgementsd`), whose mean over the prediction is taken, and the strings
    `group`, `source` and `pathology`; without them the image is its own group and the others are
    `unknown`.

    Args:
        data: the item.
        keys: what `complete_keys` returned.
    """

    ROLES = (
        "id",
        "group",
        "source",
        "pathology",
        "original",
        "label",
        "pred",
        "probability",
        "lesion_probability",
        "boundary_uncertainty",
        "malignancy",
    )

    def __init__(self, data: Mapping[str, Any], keys: Mapping[str, str]) -> None:
        self._data = data
        self._keys = keys

    @classmethod
    def complete_keys(cls, renamed: Mapping[str, str]) -> dict[str, str]:
        """Return the key of every role, its own name unless renamed.

        Args:
            renamed: role to key, as `{"label": "mask"}`.

        Raises:
            ConfigError: a role is none of `ROLES`.
        """
        unknown = sorted(set(renamed) - set(cls.ROLES))
        if unknown:
            msg = f"expected keys for {', '.join(cls.ROLES)}, got {', '.join(unknown)}"
            raise ConfigError(msg)
        return {role: renamed.get(role, role) for role in cls.ROLES}

    def evaluate(self) -> EvaluatedImage:
        """Score the prediction.

        Raises:
            ConfigError: a key is missing, a mask is not one, the shapes differ or a probability
                is outside 0 to 1.
        """
        name = str(self._get("id"))
        try:
            scores = score_image(self._get("pred"), self._get("label"))
        except ValueError as error:
            msg = f"cannot score '{name}': {error}"
            raise ConfigError(msg) from error
        doubt = self._data.get(self._keys["boundary_uncertainty"])
        return EvaluatedImage(
            id=name,
            group=str(self._data.get(self._keys["group"], name)),
            source=str(self._data.get(self._keys["source"], "unknown")),
            pathology=str(self._data.get(self._keys["pathology"], "unknown")),
            probability=self._read_probability(name),
            scores=scores,
            boundary_uncertainty=None if doubt is None else float(doubt),
            malignancy=self._average_malignancy(),
        )

    def planes(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return original, label and prediction as arrays (H, W).

        Raises:
            ConfigError: a key is missing or the shapes differ.
        """
        original, label, pred = (
            np.asarray(convert_to_numpy(self._get(role))) for role in ("original", "label", "pred")
        )
        if not original.shape == label.shape == pred.shape:
            msg = (
                f"expected '{self._keys['original']}' of the shape of the masks {label.shape}, "
                f"got {original.shape} for '{self._get('id')}'"
            )
            raise ConfigError(msg)
        height, width = original.shape[-2:]
        return (
            original.reshape(height, width),
            label.reshape(height, width),
            pred.reshape(height, width),
        )

    def _average_malignancy(self) -> float | None:
        values = self._data.get(self._keys["malignancy"])
        mask = np.asarray(convert_to_numpy(self._get("pred"))) > 0
        if values is None or not mask.any():
            return None
        return float(np.asarray(convert_to_numpy(values))[mask].mean(dtype=np.float64))

    def _get(self, role: str) -> Any:
        key = self._keys[role]
        if key not in self._data:
            found = ", ".join(sorted(map(str, self._data)))
            msg = f"expected key '{key}' in an item of the evaluator, got {found}"
            raise ConfigError(msg)
        return self._data[key]

    def _read_probability(self, name: str) -> float:
        whole = self._keys["lesion_probability"] in self._data
        role = "lesion_probability" if whole else "probability"
        values = np.asarray(convert_to_numpy(self._get(role)), dtype=np.float64).ravel()
        if not (values.size and 0 <= values.min() <= values.max() <= 1):
            span = f"{values.min()} to {values.max()}" if values.size else "no value"
            msg = f"expected '{self._keys[role]}' of 0 to 1, got {span} for '{name}'"
            raise ConfigError(msg)
        if whole and values.size != 1:
            msg = f"expected one '{self._keys[role]}', got {values.size} for '{name}'"
            raise ConfigError(msg)
        return float(np.partition(values, -min(TOP_PIXELS, values.size))[-TOP_PIXELS:].mean())


def read_items(batch: Any, output: Any, *, keys: Mapping[str, str]) -> Iterator[EvaluationItem]:
    """Pair the decollated batch and output of a MONAI engine.

    MONAI leaves in `state.batch` what the loader brought, such as the id, and puts into
    `state.output` only image, label, prediction and what the postprocessing added.

    Args:
        batch: the engine's `state.batch`; ignored unless it is a list of mappings as long as
            `output`.
        output: the engine's `state.output`, a list of mappings; its values win.
        keys: what `EvaluationItem.complete_keys` returned.

    Raises:
        ConfigError: `output` is not a list of mappings.
    """
    if not (isinstance(output, list) and all(isinstance(item, Mapping) for item in output)):
        msg = f"expected a decollated output (a list of dictionaries), got {type(output).__name__}"
        raise ConfigError(msg)
    paired = isinstance(batch, list) and len(batch) == len(output)
    for index, item in enumerate(output):
        brought = batch[index] if paired and isinstance(batch[index], Mapping) else {}
        yield EvaluationItem({**brought, **item}, keys)
