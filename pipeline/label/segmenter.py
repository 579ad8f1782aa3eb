"""The network behind the server: the bundle's own way from a file to a mask."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from numpy.typing import NDArray

from pipeline.checks import check_weights
from pipeline.errors import ConfigError, PipelineError, ReadError, find_cause
from pipeline.label.label_errors import BusyError, RequestError
from pipeline.label.weight_store import WeightStore
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader
from pipeline.results.frame_part import FramePart
from pipeline.results.model_identity import ModelIdentity
from pipeline.settings.as_data import as_data

MOST_WAITING = 8
"""Requests that wait for the network; more are refused, as each keeps a thread."""


@dataclass(frozen=True)
class Prediction:
    """What the network says of one frame, at the size of the source.

    Attributes:
        mask: (H, W) bool, `True` where there is lesion.
        probability: (H, W) float32, 0 to 1.
        lesion_probability: that there is a lesion at all, 0 to 1.
        outline_doubt: see `OutlineDoubtd`, 0 or more.
        mm_per_pixel: mm between rows and between columns, `None` if unknown or not the same
            everywhere.
        boxes: first row, first column, last row + 1, last column + 1 of each B-mode image.
        weights: name of the weights, see `WeightStore.name`.
    """

    mask: NDArray[np.bool_]
    probability: NDArray[np.float32]
    lesion_probability: float
    outline_doubt: float
    mm_per_pixel: tuple[float, float] | None
    boxes: tuple[tuple[int, int, int, int], ...]
    weights: str


class Segmenter:
    """Segment frames by ``configs/inference.json``, one at a time.

    Weights are loaded when they are first needed, and again when others have come into use.
    Weights that do not fit are an error, and those in memory stay.

    Args:
        bundle_root: folder around ``configs/``.
        weights: which weights are in use.
        overrides: keys of the config and their values.

    Raises:
        ConfigError: the config cannot be read, or asks for another backend than torch.
    """

    def __init__(
        self, bundle_root: Path, weights: WeightStore, overrides: Mapping[str, Any] | None = None
    ) -> None:
        self.weights = weights
        self._parser = ConfigParser()
        self._parser.read_config(str(bundle_root / "configs" / "inference.json"))
        self._parser.update({"bundle_root": as_data(str(bundle_root)), **(overrides or {})})
        if self._parser.get("backend", "torch") not in ("torch", "auto"):
            msg = (
                "expected the backend torch, got another: weights change with each training, and "
                "an exported network has those of one file"
            )
            raise ConfigError(msg)
        self._parser["backend"] = "torch"
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._loaded: tuple[Path, int, str] | None = None

    @property
    def reader(self) -> UltrasoundReader:
        """The config's reader."""
        reader: UltrasoundReader = self._get("reader")
        return reader

    def prepare(self) -> None:
        """Load the network, so that whatever does not fit is told before the first request.

        Raises:
            ConfigError: the weights are missing, damaged or do not fit, or a key of the config
                has a value that its transform refuses.
        """
        try:
            for key in ("preprocessing", "inferer", "postprocessing"):
                self._get(key)
        except RuntimeError as error:
            msg = f"expected a config that can be built, got: {find_cause(error)}"
            raise ConfigError(msg) from error
        with self._turn():
            self._load_weights()

    def predict(self, path: Path, frame: int | None = None) -> Prediction:
        """Segment one frame.

        Args:
            path: an image file.
            frame: number from 1, `None` for a file with a single one.

        Raises:
            BusyError: too many requests wait already.
            RequestError: the file cannot be read.
            ConfigError: the weights in use are missing, damaged or do not fit the network.
        """
        with self._turn():
            name = self._load_weights()
            parts = [FramePart.read(self._segment(item)) for item in self._read(path, frame)]
            return _describe(FramePart.join(parts), name)

    def view(self, path: Path, frame: int | None = None) -> tuple[NDArray[np.uint8], bool]:
        """Show one frame as our overlays do, black outside of the ultrasound.

        Args:
            path: an image file.
            frame: number from 1, `None` for a file with a single one.

        Returns:
            Grey values (H, W), uint8, 0 to 255; and whether all of it is black because nothing
            tells tissue from a burned-in name.

        Raises:
            BusyError: too many requests wait already.
            RequestError: the file cannot be read.
        """
        with self._turn():
            item = next(self._read(path, frame))
            grey = np.asarray(item["original"][0], np.float32)
            blanked = not item["image"].meta.get("region_known", True) and not grey.any()
            return np.clip(np.rint(grey), 0, 255).astype(np.uint8), blanked

    def check(self, path: Path) -> None:
        """Check that weights fit the network.

        Args:
            path: of the weights.

        Raises:
            ConfigError: they are missing, damaged or do not fit.
        """
        check_weights(str(path), self._get("network_def"))

    def identify(self) -> ModelIdentity:
        """Name the model as results in DICOM do."""
        return ModelIdentity.of_weights(self.weights.path)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            msg = f"expected at most {MOST_WAITING} images to be read at once: try again soon"
            raise BusyError(msg)
        try:
            with self._lock:
                yield
        except RuntimeError as error:
            cause = find_cause(error)  # MONAI has wrapped it
            if isinstance(cause, ReadError):
                raise _tell(cause) from error
            if isinstance(cause, PipelineError):
                raise cause from error
            raise
        except ReadError as error:
            raise _tell(error) from error
        finally:
            self._waiting.release()

    def _get(self, key: str) -> Any:
        return self._parser.get_parsed_content(key)

    def _load_weights(self) -> str:
        name, path = self.weights.name, self.weights.path
        loaded = (path, path.stat().st_mtime_ns, name)
        if loaded != self._loaded:
            self.check(path)
            network = self._get("network")
            state = torch.load(path, map_location="cpu", weights_only=True)
            network.load_state_dict(state, strict=True)
            network.eval()
            self._loaded = loaded
        return name

    def _read(self, path: Path, frame: int | None) -> Iterator[dict[str, Any]]:
        """Make an item of each B-mode image of a frame."""
        preprocessing = self._get("preprocessing")
        count, number = 1, 1
        while number <= count:
            item = preprocessing({"image": str(FrameReference(path, frame, number))})
            count = int(item["image"].meta["region_count"])
            yield item
            number += 1

    def _segment(self, item: dict[str, Any]) -> dict[str, Any]:
        device = self._get("device")
        with torch.no_grad():
            logits = self._get("inferer")(item["image"][None].to(device), self._get("network"))
        result: dict[str, Any] = self._get("postprocessing")({**item, "pred": logits[0].cpu()})
        return result


def _tell(error: ReadError) -> RequestError:
    return RequestError(f"the image cannot be read: {error}")


def _describe(whole: FramePart, name: str) -> Prediction:
    spacings = {region.mm_per_pixel for region in whole.regions}
    return Prediction(
        mask=whole.mask,
        probability=whole.probability,
        lesion_probability=whole.lesion_probability,
        outline_doubt=whole.outline_doubt,
        mm_per_pixel=spacings.pop() if len(spacings) == 1 else None,
        boxes=tuple(region.box for region in whole.regions),
        weights=name,
    )
