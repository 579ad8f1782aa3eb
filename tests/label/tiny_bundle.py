"""A bundle whose network sees brightness: the repository's configs, one weight and one bias."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bundle_runs import CONFIGS
from PIL import Image

SHAPE = (60, 90)
"""Rows and columns of `draw_image`; unequal, so that a turned mask is found out."""
LESION = (slice(10, 26), slice(50, 80))
"""Rows and columns of the bright rectangle: right of the middle and above it."""

NETWORK = {"_target_": "torch.nn.Conv2d", "in_channels": 1, "out_channels": 1, "kernel_size": 1}
_INFERENCE = {
    "network_def": NETWORK,
    "find_field": False,
    "image_size": [64, 64],
    "min_lesion_px": 4,
    "min_lesion_probability": 0.0,
    "threshold": 0.5,
}
_TRAIN = {
    "network_def": NETWORK,
    "find_field": False,
    "image_size": [64, 64],
    "batch_size": 4,
    "num_workers": 0,
    "learning_rate": 1.0,
}


def write_bundle(root: Path, **changes: dict[str, Any]) -> Path:
    """Write the bundle.

    Args:
        root: folder to write to.
        changes: keys of the config called `inference` or `train`, and their values.
    """
    for name, settings in (("inference", _INFERENCE), ("train", _TRAIN)):
        config = read_config(name) | settings | changes.get(name, {})
        write_json(root / "configs" / f"{name}.json", config)
    (root / "models").mkdir(parents=True, exist_ok=True)
    # Normalised images have a ground a little below 0 and a rectangle far above 1.
    weights = {"weight": torch.full((1, 1, 1, 1), 8.0), "bias": torch.tensor([-8.0])}
    torch.save(weights, root / "models" / "model.pt")
    return root


def read_config(name: str) -> dict[str, Any]:
    """Read a config of the repository."""
    config: dict[str, Any] = json.loads((CONFIGS / f"{name}.json").read_text())
    return config


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def change_config(root: Path, name: str, **changes: Any) -> None:
    """Change keys of a config that is there."""
    path = root / "configs" / f"{name}.json"
    write_json(path, json.loads(path.read_text()) | changes)


def draw_image(*, lesion: tuple[slice, slice] = LESION, seed: int = 0) -> np.ndarray:
    """Draw a bright rectangle on a dark ground, (60, 90) uint8."""
    image = np.random.default_rng(seed).integers(30, 50, SHAPE).astype(np.uint8)
    image[lesion] = 220
    return image


def draw_mask(lesion: tuple[slice, slice] = LESION) -> np.ndarray:
    """Draw the truth of `draw_image`, (60, 90) bool."""
    mask = np.zeros(SHAPE, bool)
    mask[lesion] = True
    return mask


def write_png(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def measure_dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))
