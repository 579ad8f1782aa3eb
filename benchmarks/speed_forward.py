"""The bare network in every way that is installed: the least time that an image takes."""

import copy
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from PIL import Image
from speed_machine import ROOT, draw

import pipeline.networks  # noqa: F401, registers the encoder
from pipeline.errors import ConfigError
from pipeline.hash_file import hash_file
from pipeline.inferers.export_network import export_network
from pipeline.inferers.exported_network import ExportedNetwork
from pipeline.inferers.fast_bf16 import has_fast_bf16
from pipeline.inferers.prepare_network import prepare_network

BATCHES = (1, 2, 16)
MOST_DIFFERENCE = 0.001
"""Mean Dice by which a way may differ from that of float32."""

_ROUNDS = 7

Way = Callable[[torch.Tensor], torch.Tensor]


def measure_forward(*, quick: bool) -> dict[str, Any]:
    """Time every way in turn, and compare its masks with those of float32.

    Args:
        quick: leave out `torch.compile`, and take fewer rounds and images.

    Returns:
        ``ms`` an image by way and batch, ``best`` of them, ``dice`` of each way, ``images`` that
        it was compared on, and ``left_out`` with the reasons.
    """
    network, size = _load()
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        ways = dict(_list_ways(network, size, Path(folder), left_out, quick=quick))
        times: dict[str, dict[int, list[float]]] = {
            name: {batch: [] for batch in BATCHES} for name in ways
        }
        images = {batch: torch.randn(batch, 1, *size) for batch in BATCHES}
        for name in ways:
            for image in images.values():
                ways[name](image)
        for _ in range(3 if quick else _ROUNDS):
            for name, way in ways.items():
                for batch, image in images.items():
                    started = time.perf_counter()
                    way(image)
                    times[name][batch].append((time.perf_counter() - started) * 1000 / batch)
        dice, source = _compare(ways, size, 20 if quick else 100)
    medians = {
        name: {batch: statistics.median(each) for batch, each in by_batch.items()}
        for name, by_batch in times.items()
    }
    alike = [name for name in ways if abs(dice[name] - dice["torch fp32"]) <= MOST_DIFFERENCE]
    best = min(min(medians[name].values()) for name in alike)
    return {"ms": medians, "best": best, "dice": dice, "images": source, "left_out": left_out}


def _load() -> tuple[torch.nn.Module, tuple[int, int]]:
    parser = ConfigParser()
    parser.read_config(str(ROOT / "configs" / "inference.json"))
    network: torch.nn.Module = parser.get_parsed_content("network_def")
    network.load_state_dict(torch.load(ROOT / "models" / "model.pt", weights_only=True))
    rows, columns = parser.get_parsed_content("image_size")
    return network.eval(), (rows, columns)


def _list_ways(
    network: torch.nn.Module,
    size: tuple[int, int],
    folder: Path,
    left_out: dict[str, str],
    *,
    quick: bool,
) -> Iterator[tuple[str, Way]]:
    last = copy.deepcopy(network)
    last.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for name, module, kind in (
        ("torch fp32", network, torch.contiguous_format),
        ("torch fp32, channels last", last, torch.channels_last),
    ):
        yield name, _call(module, kind, autocast=False)
        if has_fast_bf16():
            yield name.replace("fp32", "bf16"), _call(module, kind, autocast=True)
    if not has_fast_bf16():  # a second an image
        left_out["bfloat16"] = "this CPU has no instructions for it"
    for bf16 in (False, True) if has_fast_bf16() else (False,):
        prepared = prepare_network(network, bf16=bf16)
        dtype = torch.bfloat16 if bf16 else torch.float32
        yield f"ours {'bf16' if bf16 else 'fp32'}", _call(prepared, torch.channels_last, dtype)
    if not quick:
        try:
            compiled = torch.compile(prepare_network(network, bf16=has_fast_bf16()), dynamic=True)
            dtype = torch.bfloat16 if has_fast_bf16() else torch.float32
            way = _call(compiled, torch.channels_last, dtype)
            way(torch.randn(2, 1, *size))
            yield "torch.compile", way
        except Exception as error:  # no compiler, and whatever else it does not support
            left_out["torch.compile"] = type(error).__name__
    weights = folder / "model.pt"
    weights.write_bytes((ROOT / "models" / "model.pt").read_bytes())
    try:
        with torch.inference_mode(False):
            export_network(ROOT / "configs" / "inference.json", weights)
        load = partial(ExportedNetwork, weights, sha256=hash_file(weights), network=network)
        yield "ONNX Runtime fp32", load("onnx")
        yield "OpenVINO fp32", load("openvino")
        if has_fast_bf16():
            yield "OpenVINO bf16", load("openvino", bf16=True)
    except ConfigError as error:
        left_out["ONNX Runtime or OpenVINO"] = str(error).partition(":")[0]


def _call(
    module: Callable[..., torch.Tensor],
    kind: torch.memory_format,
    dtype: torch.dtype = torch.float32,
    *,
    autocast: bool = False,
) -> Way:
    def call(image: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
            return module(image.to(dtype, memory_format=kind)).float()

    return call


def _compare(
    ways: dict[str, Way], size: tuple[int, int], count: int
) -> tuple[dict[str, float], str]:
    pairs, source = _list_pairs(count)
    scores: dict[str, list[float]] = {name: [] for name in ways}
    for grey, truth in pairs:
        image = torch.tensor(_resize(grey, size), dtype=torch.float32)[None, None]
        image = (image - image.mean()) / image.std()
        label = _resize(truth, size) > 127
        for name, way in ways.items():
            mask = way(image)[0, 0].numpy() > 0
            total = mask.sum() + label.sum()
            scores[name].append(float(2 * (mask & label).sum() / total) if total else 1.0)
    return {name: statistics.mean(each) for name, each in scores.items()}, source


def _list_pairs(count: int) -> tuple[list[tuple[np.ndarray, np.ndarray]], str]:
    """Read images of BUSI and their truth where they are at hand, else draw phantoms."""
    folder = Path(os.environ.get("BREAST_US_DATA", "")) / "Dataset_BUSI_with_GT"
    if not folder.is_dir():
        phantoms = [draw(number) for number in range(count)]
        return [(each.image, each.label * np.uint8(255)) for each in phantoms], "phantoms"
    paths = [
        path
        for kind in ("benign", "malignant")
        for path in sorted((folder / kind).glob("*).png"))[: count // 2]
    ]
    pairs = [(_read(path), _read(path.with_name(f"{path.stem}_mask.png"))) for path in paths]
    return pairs, "BUSI"


def _read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"))


def _resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(picture)
