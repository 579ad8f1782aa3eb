"""Whole runs over folders: ours, those of others, the first mask, and memory."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from speed_machine import (
    MASKS_ONLY,
    Usage,
    infer,
    run,
    write_cine,
    write_dicom,
    write_png,
)
from speed_plain import write_plain_bundle

from pipeline.phantom.phantom_dicom import DicomKind

KINDS = {
    "PNG": write_png,
    "DICOM, uncompressed": lambda folder, count: write_dicom(folder, count, DicomKind.MONOCHROME2),
    "DICOM, JPEG": lambda folder, count: write_dicom(folder, count, DicomKind.YBR_FULL_422_JPEG),
    "DICOM, cine": write_cine,
}
"""What a folder may hold."""

STEPS_OF = ("PNG: masks", "PNG: everything", "DICOM, uncompressed: everything")
"""Runs whose steps are timed."""

_HERE = Path(__file__).parent
_POLL_S = 0.002
_SMALL = (64, 80)
"""Rows and columns of the images in large numbers."""
_SMALL_NETWORK = ("--set", "image_size=[64,64]")


def measure_folders(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Segment folders of every kind, with masks only and with everything on, in turn.

    Args:
        folder: to work in.
        count: images of each kind.
        rounds: times that each is done.

    Returns:
        By kind and outputs: ``seconds`` (median), ``ms`` and ``cpu_ms`` an image without the
        start, which is what a single image takes, and of `STEPS_OF` ``steps`` (ms an image).
    """
    sources = {kind: write(folder / kind, count) for kind, write in KINDS.items()}
    single = write_png(folder / "single", 1)
    usages: dict[str, list[Usage]] = {}
    for number in range(rounds):
        for outputs, options in (("masks", MASKS_ONLY), ("everything", ())):
            for kind, source in {"start": single, **sources}.items():
                output = folder / f"out-{kind}-{outputs}-{number}"
                usages.setdefault(f"{kind}: {outputs}", []).append(
                    run(infer(source, output, *options))
                )
    result = {
        name: _describe(each, usages[f"start: {name.rpartition(': ')[2]}"], count)
        for name, each in usages.items()
        if not name.startswith("start")
    }
    for name in STEPS_OF:
        kind, _, outputs = name.rpartition(": ")
        options = MASKS_ONLY if outputs == "masks" else ()
        command = [sys.executable, str(_HERE / "speed_steps.py"), str(sources[kind])]
        command += [*infer(sources[kind], folder / f"steps-{name}", *options)[5:]]
        result[name]["steps"] = _run_json(command)
    return result


def measure_plain_bundle(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Run a plain MONAI bundle, see `write_plain_bundle`.

    Args:
        folder: to work in.
        count: images.
        rounds: times that it is done.

    Returns:
        As one entry of `measure_folders`.
    """
    commands = [
        write_plain_bundle(
            folder / f"bundle-{name}", write_png(folder / name, number), folder / "o"
        )
        for name, number in (("one", 1), ("many", count))
    ]
    one, many = zip(*([run(command) for command in commands] for _ in range(rounds)), strict=True)
    return _describe(list(many), list(one), count)


def measure_nnunet(folder: Path, count: int) -> dict[str, Any] | str:
    """Let nnU-Net v2 predict, see `speed_nnunet.py`.

    Args:
        folder: to work in.
        count: images.

    Returns:
        Its answer, or why there is none.
    """
    if find_spec("nnunetv2") is None:
        return "nnunetv2 is not installed"
    command = [sys.executable, str(_HERE / "speed_nnunet.py"), str(folder), str(count)]
    return _run_json(command)


def measure_first_mask(folder: Path, rounds: int) -> dict[str, float]:
    """Time from the start of the process to the first mask, beside importing torch.

    Args:
        folder: to work in.
        rounds: times that each is done.

    Returns:
        Median seconds of ``mask``, ``end`` (of the process) and ``torch``.
    """
    source = write_png(folder / "single", 1)
    times: dict[str, list[float]] = {"mask": [], "end": [], "torch": []}
    for number in range(rounds):
        times["torch"].append(run([sys.executable, "-c", "import torch"]).wall)
        mask, end = _time_mask(infer(source, folder / str(number)), folder / str(number))
        times["mask"].append(mask)
        times["end"].append(end)
    return {name: statistics.median(each) for name, each in times.items()}


def measure_memory(folder: Path, counts: tuple[int, ...]) -> dict[int, float]:
    """Measure the most memory of a run over many small images, with everything on.

    The network sees 64 x 64 pixels: it computes faster, and the memory that may grow is a larger
    share of the whole.

    Args:
        folder: to work in.
        counts: numbers of images.

    Returns:
        MiB by number.
    """
    peaks = {}
    for count in counts:
        source = write_png(folder / str(count), count, shape=_SMALL)
        peaks[count] = run(infer(source, folder / f"out-{count}", *_SMALL_NETWORK)).peak_mib
    return peaks


def measure_workers(folder: Path, count: int) -> dict[str, dict[str, float]]:
    """Segment a folder by one process and by one for each core.

    Args:
        folder: to work in.
        count: images.

    Returns:
        By name of the way, as `measure_folders`.
    """
    many, single = write_png(folder / "many", count), write_png(folder / "single", 1)
    ways = {"one process": (), "--workers auto": ("--workers", "auto")}
    result = {}
    for name, options in ways.items():
        start, whole = (
            run(infer(source, folder / f"{source.name} {name}", *MASKS_ONLY, *options))
            for source in (single, many)
        )
        result[name] = _describe([whole], [start], count)
    return result


def measure_training(folder: Path, count: int) -> dict[str, float]:
    """Time epochs, see `speed_training.py`.

    Args:
        folder: to work in.
        count: images of the set.
    """
    command = [sys.executable, "-m", "pipeline.cli.main"]
    run([*command, "phantom", str(folder / "set"), "--dataset", "--images", str(count)])
    run([*command, "prepare", str(folder / "data"), "--plain", str(folder / "set")])
    script = str(_HERE / "speed_training.py")
    return _run_json([sys.executable, script, str(folder / "data"), str(folder / "out")])


def _describe(usages: list[Usage], starts: list[Usage], count: int) -> dict[str, Any]:
    def take_median(value: Callable[[Usage], float]) -> float:
        each = [value(a) - value(b) for a, b in zip(usages, starts, strict=True)]
        return statistics.median(each) / max(count - 1, 1) * 1000

    return {
        "images": count,
        "seconds": statistics.median(usage.wall for usage in usages),
        "ms": take_median(lambda usage: usage.wall),
        "cpu_ms": take_median(lambda usage: usage.cpu),
    }


def _time_mask(command: list[str], output: Path) -> tuple[float, float]:
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and next(_list_masks(output), None) is None:
            time.sleep(_POLL_S)
        seconds = time.perf_counter() - started
        process.wait()
    if next(_list_masks(output), None) is None:
        msg = f"expected a mask in {output}, found none"
        raise RuntimeError(msg)
    return seconds, time.perf_counter() - started


def _list_masks(output: Path) -> Iterator[Path]:
    return (output / "masks").glob("[!.]*.png")


def _run_json(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{Path(command[1]).name} ended with {done.returncode}: {done.stderr[-2000:]}"
        raise RuntimeError(msg)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
