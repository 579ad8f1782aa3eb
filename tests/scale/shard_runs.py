"""A folder of images, and runs over it with the brightness network, by the command line."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.cli.main import main
from pipeline.phantom.phantom_dicom import write_phantom_dicom

IMAGE, _ = make_orientation_phantom(64, 96)
TIMES = ("started", "ended", "seconds")
SHARDS = 7


def make_source(folder: Path) -> Path:
    """Stills, a cine, copies of an instance, colliding names, and what is no image."""
    (folder / "b.c").mkdir(parents=True)
    for number in range(8):
        Image.fromarray(np.roll(IMAGE, 4 * number, axis=number % 2)).save(
            folder / "b.c" / f"1.2.840.{number}.png"
        )
    write_phantom_dicom(folder / "sweep.dcm", np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]]))
    write_phantom_dicom(folder / "z.dcm", IMAGE)
    (folder / "a copy.dcm").write_bytes((folder / "z.dcm").read_bytes())
    (folder / "b.c" / "another.dcm").write_bytes((folder / "z.dcm").read_bytes())
    Image.fromarray(IMAGE).save(folder / "z.DCM.png")
    (folder / "notes.txt").write_text("no image")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return folder


def list_options(folder: Path) -> list[str]:
    """Write weights and a config of the brightness network; give the options that name them."""
    weights, config = folder / "identity.pt", folder / "brightness.json"
    if not weights.exists():
        torch.save({}, weights)
    settings = {
        "network_def": {"_target_": "torch.nn.Identity"},
        "threshold": 0.87,
        "min_lesion_probability": 0.9,
        "image_size": [64, 64],
        "progress": False,
    }
    config.write_text(json.dumps(settings))
    return ["--weights", str(weights), "--config", str(config)]


def call(*words: object) -> int:
    """Call a command in this process, and give its exit code."""
    try:
        return main([*map(str, words)])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


def run_shards(
    source: Path, output: Path, options: Sequence[str], numbers: Sequence[int] = range(SHARDS)
) -> list[int]:
    """Run some shards, and give their exit codes."""
    return [
        call("infer", source, output, "--shard", f"{number}/{SHARDS}", *options)
        for number in numbers
    ]


def read_results(output: Path) -> dict[str, bytes]:
    """Read all files of a run but its journals, and of ``run.json`` what tells no time."""
    files = {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }
    kept = {
        name: content
        for name, content in files.items()
        if not name.startswith("shards/") and name != "breast-us-seg.jsonl"
    }
    facts = json.loads(kept["run.json"])
    untimed = {name: value for name, value in facts.items() if name not in TIMES}
    return {**kept, "run.json": json.dumps(untimed).encode()}
