"""The process of a training: reads what to do from its input, and ends when that ends."""

import json
import logging
import os
import sys
import threading
from pathlib import Path

from pipeline.label.label_settings import LabelSettings
from pipeline.label.trainer import Trainer


def main() -> None:
    """Train as the first line of the input says."""
    logging.basicConfig(level=logging.INFO)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_server, daemon=True).start()
    settings = LabelSettings.from_json(request["settings"])
    trainer = Trainer(
        settings.open(), Path(settings.bundle_root), Path(settings.state) / "training"
    )
    trainer.run(request["epochs"])


def _end_with_server() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
