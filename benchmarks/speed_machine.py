"""Where `benchmarks/speed.py` runs, on which images, and what a command takes."""

import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from PIL import Image
from reading import name_machine

from pipeline.inferers.fast_bf16 import has_fast_bf16
from pipeline.phantom.phantom import Phantom, make_phantom
from pipeline.phantom.phantom_dicom import DicomKind, write_phantom_dicom

ROOT = Path(__file__).resolve().parents[1]
SHAPE = (480, 600)
"""Rows and columns of the images, about those of BUSI."""

MASKS_ONLY = (
    "--set",
    'outputs={"masks":true,"overlays":false,"seg":false,"sr":false,"sc":false,"nifti":false,'
    '"coco":false,"report":false}',
)

_PICTURES = 40
"""Different pictures; more files are copies, which no program knows."""
_PACKAGES = (
    *("torch", "monai", "pytorch-ignite", "numpy", "pillow", "scikit-image"),
    *("onnxruntime", "openvino", "nnunetv2"),
)


@dataclass(frozen=True)
class Usage:
    """What a command took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of all cores, its child processes included.
        peak_mib: most memory of its first process.
        tree_mib: most memory of it and of those that it has started, at a time.
    """

    wall: float
    cpu: float
    peak_mib: float
    tree_mib: float = 0.0


def run(command: Sequence[str], **variables: str) -> Usage:
    """Run a command to its end.

    Args:
        command: a program and its arguments.
        variables: of the environment.

    Raises:
        RuntimeError: it failed; the end of what it printed is told.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        watch = _PeakWatch(process.pid)
        printed = process.stdout.read()
        peak, tree = watch.stop()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        msg = f"{command[:4]} ended with {process.returncode}: {printed[-2000:]}"
        raise RuntimeError(msg)
    wall = time.perf_counter() - started
    return Usage(wall, used.ru_utime + used.ru_stime, peak, tree)


class _PeakWatch(threading.Thread):
    """Looks at a process's most memory until it ends.

    `ru_maxrss` does not tell it: it begins with that of the process that has started it.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._ended = threading.Event()
        self._peak_mib = self._tree_mib = 0.0
        self.start()

    def run(self) -> None:
        while not self._ended.wait(0.02):
            self._peak_mib = max(self._peak_mib, _read_mib(self._pid, "VmHWM"))
            tree = sum(_read_mib(pid, "VmRSS") for pid in _list_tree(self._pid))
            self._tree_mib = max(self._tree_mib, tree)

    def stop(self) -> tuple[float, float]:
        self._ended.set()
        self.join()
        return self._peak_mib, self._tree_mib


def _read_mib(pid: int, name: str) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has ended
        return 0.0
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _list_tree(pid: int) -> Iterator[int]:
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = tasks.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _list_tree(int(child))


def infer(source: Path, output: Path, *options: str) -> list[str]:
    """Give the command that segments a folder.

    Args:
        source: of the images.
        output: of the results, a new folder.
        options: of `breast-us-seg infer`.
    """
    command = [sys.executable, "-m", "pipeline.cli.main", "infer", str(source), str(output)]
    return [*command, "--set", "progress=false", *options]


def describe_machine() -> dict[str, str]:
    """Name the machine and what is installed."""
    machine = name_machine() + ("" if has_fast_bf16() else ", without bfloat16")
    facts = {"machine": machine, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
    return facts


def write_png(folder: Path, count: int, *, shape: tuple[int, int] = SHAPE) -> Path:
    """Write PNG files of phantoms.

    Args:
        folder: to write to.
        count: number of files.
        shape: rows and columns.
    """
    folder.mkdir(parents=True)
    for number in range(count):
        path = folder / f"{number:05d}.png"
        if number < _PICTURES:
            Image.fromarray(draw(number, shape).image).save(path)
        else:
            path.write_bytes((folder / f"{number % _PICTURES:05d}.png").read_bytes())
    return folder


def write_dicom(folder: Path, count: int, kind: DicomKind) -> Path:
    """Write DICOM stills, each an instance of its own.

    Args:
        folder: to write to.
        count: number of files.
        kind: how pixels are stored.
    """
    folder.mkdir(parents=True)
    for number in range(count):
        image = draw(number % _PICTURES).image.copy()
        image[0, 0] = number // _PICTURES  # other pixels, so another UID
        _write(folder / f"{number:05d}.dcm", image, kind, number)
    return folder


def write_cine(folder: Path, count: int) -> Path:
    """Write one uncompressed DICOM cine.

    Args:
        folder: to write to.
        count: number of frames.
    """
    folder.mkdir(parents=True)
    frames = np.stack([draw(number % _PICTURES).image for number in range(count)])
    _write(folder / "cine.dcm", frames, DicomKind.MONOCHROME2, 0)
    return folder


@cache
def draw(number: int, shape: tuple[int, int] = SHAPE) -> Phantom:
    """Draw a phantom as a scanner shows it.

    Args:
        number: seed.
        shape: rows and columns.
    """
    return make_phantom(number, shape=shape, border=True, text=min(shape) > 200)


def _write(path: Path, pixels: "np.ndarray", kind: DicomKind, number: int) -> None:
    if kind is not DicomKind.MONOCHROME2:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    box = draw(number % _PICTURES).box
    mm = draw(number % _PICTURES).mm_per_pixel
    write_phantom_dicom(
        path, pixels, kind=kind, mm_per_pixel=(mm, mm), region=box, instance_number=number + 1
    )
