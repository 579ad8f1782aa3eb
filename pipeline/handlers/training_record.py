"""What a training was, beside its weights."""

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

_PACKAGES = ("monai", "torch", "pytorch-ignite", "numpy", "scikit-image")


class TrainingRecord:
    """Write ``training.json``: settings, hashes of config and datalist, versions.

    With it and the same images, a training can be repeated: order and augmentation depend on the
    seed alone. It is written when the training starts and after each epoch, with the hash of the
    weights that lie beside it.

    Place it behind `TrainingCheckpoint` among the trainer's handlers.

    Args:
        output_dir: folder of the training.
        config: the config file.
        datalist: JSON file of `breast-us-seg prepare`.
        settings: what the command line may have changed, as plain values.
    """

    def __init__(
        self,
        output_dir: str | Path,
        config: str | Path,
        datalist: str | Path,
        settings: Mapping[str, Any],
    ) -> None:
        self.folder = Path(output_dir)
        self.config = Path(config)
        self.datalist = Path(datalist)
        self.settings = dict(settings)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Write the file.

        Raises:
            WriteError: it cannot be written.
        """
        lists = json.loads(self.datalist.read_text(encoding="utf-8"))
        weights = self.folder / "model.pt"
        content = {
            "settings": self.settings,
            "epochs_done": engine.state.epoch,
            "iterations_done": engine.state.iteration,
            "config_sha256": hash_file(self.config),
            "datalist_sha256": hash_file(self.datalist),
            "images": {
                name: len(items) for name, items in lists.items() if isinstance(items, list)
            },
            "weights_sha256": hash_file(weights) if weights.is_file() else None,
            "software": {"breast-us-seg": __version__, "python": platform.python_version()}
            | {name: version(name) for name in _PACKAGES},
        }
        text = json.dumps(content, indent=2) + "\n"
        write_atomically(self.folder / "training.json", text.encode())
