"""What eight-bit integers cost and save: `python benchmarks/int8.py WORK`, see docs/performance.md.

WORK is that of `accuracy.py`, with its runs `without-*`. Each of their networks is exported and
quantized by NNCF (`pip install nncf`) but for the head of presence, calibrated on images that it
was trained on, and both files are scored by OpenVINO on the hospital that was left out. A forward
is timed in turns, and ONNX Runtime makes masks of the same files, to see whether they are the same.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from ablations import sum_up
from accuracy import evaluate_run, read_run
from accuracy_rows import HOSPITALS
from numpy.typing import NDArray
from pages import replace_between

from pipeline.atomic import write_atomically
from pipeline.hash_file import hash_file
from pipeline.inferers.export_network import export_network
from pipeline.inferers.exported_network import SUFFIX, describe_export, name_checksums
from pipeline.inferers.model import Model
from pipeline.load_segmenter import load_segmenter

Floats = NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "configs" / "inference.json"
PAGE = ROOT / "docs" / "performance.md"
BEGIN = "<!-- int8: made by python benchmarks/int8.py WORK -->"
END = "<!-- end of int8 -->"

KINDS = ("float32", "int8")
CALIBRATION_IMAGES = 200
ROUNDS = 40
COMPARED = 40
HEAD = "presence_head."
"""Names of the weights that stay as they are: a sum over many features, which errors add up in."""

TITLES = (
    "| tested on | numbers | size | forward, 1 x 256 x 256 | Dice, no operating point |"
    " missed | image AUC | malignancy AUC | pixels that ONNX Runtime gives otherwise |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    """Quantize, score and time what is not done yet, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder of the runs of accuracy.py")
    parser.add_argument("--left-out", nargs="+", choices=HOSPITALS, default=list(HOSPITALS))
    args = parser.parse_args()
    lines = []
    for hospital in args.left_out:
        run = args.work / f"without-{hospital}"
        if not (run / "done").is_file():
            sys.exit(f"expected a finished run in {run}: python benchmarks/accuracy.py makes it")
        folders = {kind: _prepare(run, kind) for kind in KINDS}
        milliseconds = time_forwards([folder / "train" / "model.pt" for folder in folders.values()])
        for (kind, folder), spent in zip(folders.items(), milliseconds, strict=True):
            evaluate_run(folder, {"backend": "openvino"})
            size = (folder / "train" / "model.onnx").stat().st_size / 1e6
            sums = sum_up(read_run(folder, kind))
            other = f"{compare_backends(folder):.3%}"
            lines.append(_format(hospital, kind, size, spent, {**sums, "other": other}))
    replace_between(PAGE, BEGIN, END, TITLES + "".join(lines))


def _prepare(run: Path, kind: str) -> Path:
    """Make a folder like that of a run, with the network exported or quantized."""
    folder = run / kind
    weights = folder / "train" / "model.pt"
    if not (folder / "done").is_file():
        weights.parent.mkdir(parents=True, exist_ok=True)
        weights.write_bytes((run / "train" / "model.pt").read_bytes())
        if not (folder / "data").is_symlink():
            # Paths in the datalist are relative to its own folder.
            (folder / "data").symlink_to((run / "data").resolve(), target_is_directory=True)
        export_network(CONFIG, weights)
        if kind == "int8":
            quantize(weights, read_inputs(run / "data"))
        (folder / "done").touch()
    return folder


def read_inputs(data: Path) -> list[Floats]:
    """Read training images as the network sees them, evenly over the list.

    Args:
        data: a folder of `prepare`.

    Returns:
        Arrays (1, 1, H, W).
    """
    training = json.loads((data / "datalist.json").read_text())["training"]
    segmenter = load_segmenter(ROOT)
    step = max(1, len(training) // CALIBRATION_IMAGES)
    parts = [segmenter.read(data / item["image"]).parts[0] for item in training[::step]]
    return [np.asarray(part["image"], np.float32)[None] for part in parts]


def quantize(weights: Path, inputs: Sequence[Floats]) -> None:
    """Put a quantized network in the place of an exported one.

    Args:
        weights: beside the exported file.
        inputs: to calibrate with, (1, 1, H, W).
    """
    import nncf
    import onnx

    path = weights.with_suffix(SUFFIX)
    model = onnx.load(path)
    head = [node.name for node in model.graph.node if any(HEAD in name for name in node.input)]
    model = nncf.quantize(
        model,
        nncf.Dataset(inputs, lambda image: {"image": image}),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(inputs),
        ignored_scope=nncf.IgnoredScope(names=head),
    )
    write_atomically(path, model.SerializeToString())
    network = open_network(weights).network
    text = describe_export(path, weights.name, hash_file(weights), network)
    write_atomically(name_checksums(path), text.encode())


def open_network(weights: Path) -> Model:
    """Open weights with the network of the release, computed by OpenVINO in float32 or int8."""
    settings = {"ckpt": str(weights), "backend": "openvino", "model#bf16": False}
    return load_segmenter(ROOT, settings).model


def time_forwards(weights: Sequence[Path]) -> list[float]:
    """Time a forward of each file, in turns, on one image.

    Args:
        weights: files of weights, with exports beside them.

    Returns:
        The least time of each in ms.
    """
    image = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(0))
    networks = [open_network(path).exported for path in weights]
    best = [float("inf")] * len(weights)
    for _ in range(ROUNDS):
        for number, network in enumerate(networks):
            if network is None:
                sys.exit(f"expected OpenVINO to compute {weights[number]}, PyTorch does")
            started = time.perf_counter()
            network(image)
            best[number] = min(best[number], (time.perf_counter() - started) * 1000)
    return best


def compare_backends(folder: Path) -> float:
    """Compare the masks of OpenVINO and ONNX Runtime.

    Args:
        folder: of a run.

    Returns:
        The largest share of an image's pixels that differ, over the first `COMPARED` of its test
        list.
    """
    settings = {"ckpt": str(folder / "train" / "model.pt"), "model#bf16": False}
    one, other = (
        load_segmenter(ROOT, {**settings, "backend": backend}) for backend in ("openvino", "onnx")
    )
    items = json.loads((folder / "data" / "datalist.json").read_text())["test"][:COMPARED]
    paths = [folder / "data" / item["image"] for item in items]
    return max(
        float((one.segment(one.read(path)).mask != other.segment(other.read(path)).mask).mean())
        for path in paths
    )


def _format(hospital: str, kind: str, size: float, spent: float, sums: Mapping[str, str]) -> str:
    numbers = (sums[key] for key in ("dice", "missed", "image_auc", "malignancy_auc", "other"))
    cells = (HOSPITALS[hospital], kind, f"{size:.1f} MB", f"{spent:.0f} ms", *numbers)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    main()
