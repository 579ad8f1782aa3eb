"""One segmenter for all requests of the annotation server."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.checks import check_weights
from pipeline.errors import ConfigError, PipelineError, ReadError, find_cause
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.label.label_errors import BusyError, RequestError
from pipeline.label.weight_store import WeightStore
from pipeline.load_segmenter import load_segmenter
from pipeline.readers.ultrasound_reader import UltrasoundReader
from pipeline.results.result import Result
from pipeline.segmenter import Segmenter

MOST_WAITING = 8
"""Requests that wait for the network; more are refused, as each keeps a thread."""


@dataclass(frozen=True)
class Prediction:
    """A result, and the weights that it comes from.

    Attributes:
        result: of the frame.
        weights: name of the weights, see `WeightStore.name`.
    """

    result: Result
    weights: str


class SharedSegmenter:
    """Segment frames by ``configs/inference.json``, one at a time, with the weights in use.

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
        self._root = bundle_root
        self._settings = dict(overrides or {})
        if self._settings.get("backend", "auto") not in ("torch", "auto"):
            msg = (
                "expected the backend torch, got another: weights change with each training, and "
                "an exported network has those of one file"
            )
            raise ConfigError(msg)
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._loaded: tuple[Path, int, str] | None = None
        self._segmenter = self._build(weights.path)

    @property
    def reader(self) -> UltrasoundReader:
        """The config's reader."""
        return self._segmenter.reader

    def prepare(self) -> None:
        """Load the network, so that a mismatch shows before the first request.

        Raises:
            ConfigError: the weights are missing, damaged or do not fit.
        """
        with self._turn():
            self._load_weights()

    def predict(self, path: Path, frame: int | None = None) -> Prediction:
        """Segment one frame.

        Raises:
            BusyError: too many requests wait already.
            RequestError: the file cannot be read.
            ConfigError: the weights in use are missing, damaged or do not fit the network.
        """
        with self._turn():
            name = self._load_weights()
            return Prediction(self._segmenter.segment(self._segmenter.read(path, frame)), name)

    def view(self, path: Path, frame: int | None = None) -> tuple[NDArray[np.uint8], bool]:
        """Show one frame as our overlays do, black outside of the ultrasound.

        Returns:
            Grey values (H, W), uint8, 0 to 255; and whether all of it is black because nothing
            separates tissue from a burned-in name.

        Raises:
            BusyError: too many requests wait already.
            RequestError: the file cannot be read.
        """
        with self._turn():
            shown = self._segmenter.read(path, frame)
            return np.clip(np.rint(shown.image), 0, 255).astype(np.uint8), shown.is_blanked

    def check(self, path: Path) -> None:
        """Check that weights fit the network.

        Raises:
            ConfigError: they are missing, damaged or do not fit.
        """
        check_weights(str(path), self._segmenter.model.network)

    def identify(self) -> ModelIdentity:
        """Name the model in use as results in DICOM do."""
        path = self.weights.path
        model = self._segmenter.model
        return (model if path == model.path else self._build(path).model).identity

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
                raise _refuse(cause) from error
            if isinstance(cause, PipelineError):
                raise cause from error
            raise
        except ReadError as error:
            raise _refuse(error) from error
        finally:
            self._waiting.release()

    def _build(self, weights: Path) -> Segmenter:
        settings = {**self._settings, "backend": "torch", "ckpt": str(weights)}
        return load_segmenter(self._root, settings)

    def _load_weights(self) -> str:
        name, path = self.weights.name, self.weights.path
        loaded = (path, path.stat().st_mtime_ns, name)
        if loaded != self._loaded:
            segmenter = self._build(path)
            segmenter.model.load()
            self._segmenter, self._loaded = segmenter, loaded
        return name


def _refuse(error: ReadError) -> RequestError:
    return RequestError(f"the image cannot be read: {error}")
