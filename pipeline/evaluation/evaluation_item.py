"""One item of an evaluator's output."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.score_image import score_image


class EvaluationItem:
    """Reads what an evaluation needs from one decollated item.

    An item has `id` (a string); `label` and `pred`, masks (1, H, W) of 0 and 1 at the size of the
    source; `original`, the grey image (1, H, W) of 0 to 255 at the same size; and
    `lesion_probability`, one number of 0 to 1 for the whole image. It may have one number
    `boundary_uncertainty` (see `BoundaryUncertaintyd`), `malignancy` (1, H, W) of 0 to 1 (see
    `SplitJudgementsd`), whose mean over the prediction is taken, and the strings `group`, `source`
    and `pathology`; without them the image is its own group and the others are `unknown`.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def evaluate(self) -> EvaluatedImage:
        """Score the prediction.

        Raises:
            ConfigError: a key is missing, a mask is not one, the shapes differ or the probability
                is not one number of 0 to 1.
        """
        name = str(self._get("id"))
        try:
            scores = score_image(self._get("pred"), self._get("label"))
        except ValueError as error:
            msg = f"cannot score '{name}': {error}"
            raise ConfigError(msg) from error
        doubt = self._data.get("boundary_uncertainty")
        return EvaluatedImage(
            id=name,
            group=str(self._data.get("group", name)),
            source=str(self._data.get("source", "unknown")),
            pathology=str(self._data.get("pathology", "unknown")),
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
            np.asarray(convert_to_numpy(self._get(key))) for key in ("original", "label", "pred")
        )
        if not original.shape == label.shape == pred.shape:
            msg = (
                f"expected 'original' of the shape of the masks {label.shape}, "
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
        values = self._data.get("malignancy")
        mask = np.asarray(convert_to_numpy(self._get("pred"))) > 0
        if values is None or not mask.any():
            return None
        return float(np.asarray(convert_to_numpy(values))[mask].mean(dtype=np.float64))

    def _get(self, key: str) -> Any:
        if key not in self._data:
            found = ", ".join(sorted(map(str, self._data)))
            msg = f"expected key '{key}' in an item of the evaluator, got {found}"
            raise ConfigError(msg)
        return self._data[key]

    def _read_probability(self, name: str) -> float:
        values = np.asarray(convert_to_numpy(self._get("lesion_probability")), np.float64).ravel()
        if values.size != 1 or not 0 <= values[0] <= 1:
            msg = f"expected 'lesion_probability' of 0 to 1, got {values.tolist()} for '{name}'"
            raise ConfigError(msg)
        return float(values[0])


def read_items(batch: Any, output: Any) -> Iterator[EvaluationItem]:
    """Pair the decollated batch and output of a MONAI engine.

    MONAI leaves in `state.batch` what the loader brought, such as the id, and puts into
    `state.output` only image, label, prediction and what the postprocessing added.

    Args:
        batch: the engine's `state.batch`; ignored unless it is a list of mappings as long as
            `output`.
        output: the engine's `state.output`, a list of mappings; its values win.

    Raises:
        ConfigError: `output` is not a list of mappings.
    """
    if not (isinstance(output, list) and all(isinstance(item, Mapping) for item in output)):
        msg = f"expected a decollated output (a list of dictionaries), got {type(output).__name__}"
        raise ConfigError(msg)
    paired = isinstance(batch, list) and len(batch) == len(output)
    for index, item in enumerate(output):
        brought = batch[index] if paired and isinstance(batch[index], Mapping) else {}
        yield EvaluationItem({**brought, **item})
