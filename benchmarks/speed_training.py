"""Time epochs of train.json beside the bare steps of its network, and print them as JSON.

Called by `benchmarks/speed.py` as a command of its own: DATA (of `breast-us-seg prepare`) OUT.
"""

import contextlib
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from ignite.engine import Events
from monai.bundle import ConfigParser
from speed_machine import ROOT

_EPOCHS = 4
"""The first one fills caches, and does not count."""


def time_training(data: Path, output: Path) -> dict[str, float]:
    """Run epochs and bare steps in one process.

    Args:
        data: folder of a datalist.
        output: a new folder.

    Returns:
        Median seconds of an epoch without validation, of as many bare steps (forward, loss,
        backward, optimizer) on one batch, and the steps.
    """
    parser = ConfigParser()
    parser.read_config(str(ROOT / "configs" / "train.json"))
    parser.update(
        {
            "bundle_root": str(ROOT),
            "dataset_dir": str(data),
            "output_dir": str(output),
            "epochs": _EPOCHS,
            "pretrained": False,
            "train#handlers": [],
        }
    )
    trainer: Any = parser.get_parsed_content("train#trainer")
    starts: list[float] = []
    epochs: list[float] = []
    trainer.add_event_handler(Events.EPOCH_STARTED, lambda: starts.append(time.perf_counter()))
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda: epochs.append(time.perf_counter() - starts[-1])
    )
    trainer.run()

    network, loss = trainer.network.train(), trainer.loss_function
    batch = next(iter(trainer.data_loader))
    image, label = batch["image"], batch["label"]
    steps = len(trainer.data_loader)
    bare = []
    for _ in range(_EPOCHS):
        started = time.perf_counter()
        for _ in range(steps):
            trainer.optimizer.zero_grad()
            loss(trainer.inferer(image, network), label).backward()
            trainer.optimizer.step()
        bare.append(time.perf_counter() - started)
    return {
        "epoch": statistics.median(epochs[1:]),
        "bare": statistics.median(bare[1:]),
        "steps": steps,
    }


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        times = time_training(Path(sys.argv[1]), Path(sys.argv[2]))
    print(json.dumps(times))
