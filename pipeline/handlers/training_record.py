"""Record of a training, beside its weights."""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from pipeline import __version__
from pipeline.atomic import write_atomically
from pipeline.hash_file import hash_file
from pipeline.parsed_config import read_parsed_config

_PLACES = ("bundle_root", "dataset_dir", "output_dir", "datalist", "ckpt", "progress")
"""Keys that say where something is, or what is shown: not what is trained."""

_PACKAGES = ("monai", "torch", "pytorch-ignite", "numpy", "scikit-image")


class TrainingRecord:
    """Write ``training.json``: the config as it is run, hashes, versions.

    The config has all overlays and overrides in it, and no path: folders may be named after
    patients. With it and the same images, a training can be repeated: order and augmentation
    depend on the seed alone. It is written when the training starts, after each epoch and at the
    end, with the hash of the weights that lie beside it.

    Place it after `TrainingCheckpoint` and `FitPresence` among the trainer's handlers.

    Args:
        output_dir: folder of the training.
        datalist: JSON file of `breast-us-seg prepare`.
        ckpt: weights that it started from, empty for none.
        config: what is run; `None` finds that which this is built by.
    """

    def __init__(
        self,
        output_dir: str | Path,
        datalist: str | Path,
        ckpt: str | Path = "",
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = Path(output_dir)
        self.datalist = Path(datalist)
        self.started_from = hash_file(Path(ckpt)) if ckpt else None
        config = read_parsed_config() if config is None else config
        self.config = {name: value for name, value in config.items() if name not in _PLACES}

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Write the file.

        Raises:
            WriteError: it cannot be written.
        """
        lists = json.loads(self.datalist.read_text(encoding="utf-8"))
        weights = self.folder / "model.pt"
        content = {
            "epochs_done": engine.state.epoch,
            "iterations_done": engine.state.iteration,
            "config_sha256": hashlib.sha256(_format(self.config).encode()).hexdigest(),
            "datalist_sha256": hash_file(self.datalist),
            "images": {
                name: len(items) for name, items in lists.items() if isinstance(items, list)
            },
            "started_from_sha256": self.started_from,
            "weights_sha256": hash_file(weights) if weights.is_file() else None,
            "software": {"breast-us-seg": __version__, "python": platform.python_version()}
            | {name: version(name) for name in _PACKAGES},
            "config": self.config,
        }
        write_atomically(self.folder / "training.json", f"{_format(content)}\n".encode())


def _format(content: Any) -> str:
    """Write as JSON; objects that a caller put into the config are written as their text."""
    return json.dumps(content, indent=2, default=str)
