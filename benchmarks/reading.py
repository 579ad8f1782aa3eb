"""How fast DICOM is read, and in how much memory: `python benchmarks/reading.py`.

The reader is timed beside bare pydicom on the same files, one after the other and in turn, and the
medians go into docs/dicom.md. Bare pydicom gives pixels as they are stored, or RGB; a second
column adds what is needed to end, as the reader does, at grey values in float32. Linux only, as
memory is that which /proc tells of. Needs the extra `dev` and dcmtk's encoders.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from dicom_encoders import ROOT_UID, SYNTAXES, Content, make_palette, to_ybr
from dicom_support import PAGE
from numpy.typing import NDArray
from pages import replace_between
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import iter_pixels, pixel_array

from pipeline.phantom.phantom import Phantom, make_phantom
from pipeline.phantom.phantom_dicom import make_region
from pipeline.readers import UltrasoundReader

BEGIN = "<!-- reading: made by python benchmarks/reading.py -->"
END = "<!-- end of reading -->"

_ROWS, _COLUMNS = 768, 1024
_PICTURES = 4
"""Different pictures of a kind; more files are copies, which the reader cannot know."""
_LONG_CINE = 2000
_LEAST_RATIO_MS = 0.05
_RANDOM_FRAMES = (1999, 0, 1234, 7, 1998)
_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Kind:
    """What is stored, and how."""

    name: str
    syntax: str
    photometric: str

    def write(self, path: Path, number: int) -> None:
        """Write one still; `number` chooses the picture."""
        SYNTAXES[f"{ROOT_UID}{self.syntax}"][1](
            path, _make_content(self.photometric, number), f"{ROOT_UID}{self.syntax}"
        )
        _add_region(path)


STILLS = tuple(
    Kind(f"{name}, {photometric}", syntax, photometric)
    for syntax, name, photometrics in (
        (".1", "uncompressed", ("MONOCHROME2", "RGB", "YBR_FULL_422", "PALETTE COLOR")),
        (".2", "big endian", ("MONOCHROME2", "RGB")),
        (".1.99", "deflated", ("MONOCHROME2", "RGB")),
        (".5", "RLE", ("MONOCHROME2", "RGB", "PALETTE COLOR")),
        (".4.50", "JPEG baseline", ("MONOCHROME2", "YBR_FULL_422")),
        (".4.70", "JPEG lossless", ("MONOCHROME2", "RGB")),
        (".4.80", "JPEG-LS", ("MONOCHROME2", "RGB")),
        (".4.90", "JPEG 2000", ("MONOCHROME2", "YBR_RCT")),
        (".4.201", "HTJ2K", ("MONOCHROME2", "YBR_RCT")),
    )
    for photometric in photometrics
)

CINES = tuple(
    Kind(f"{name}, {photometric}", syntax, photometric)
    for syntax, name, photometric in (
        (".1", "uncompressed", "MONOCHROME2"),
        (".1", "uncompressed", "RGB"),
        (".5", "RLE", "RGB"),
        (".4.50", "JPEG baseline", "YBR_FULL_422"),
        (".4.80", "JPEG-LS", "MONOCHROME2"),
        (".4.90", "JPEG 2000", "YBR_RCT"),
    )
)


def time_stills(kind: Kind, files: int, folder: Path) -> list[float]:
    """Median ms a file of: the reader, its decoding alone, bare pydicom, and that to grey."""
    paths = [folder / f"{number}.dcm" for number in range(files)]
    for number, path in enumerate(paths):
        if number < _PICTURES:
            kind.write(path, number)
        else:
            shutil.copyfile(paths[number % _PICTURES], path)
    # A file is read by all in turn, so that a busy machine is busy for all of them.
    reader = UltrasoundReader()
    ways: list[Callable[[Path], Any]] = [
        lambda path: reader.get_data(reader.read(str(path))),
        lambda path: UltrasoundReader().open(path).read(0),
        lambda path: pydicom.dcmread(path).pixel_array,
        _read_bare_grey,
    ]
    return _time_in_turn(ways, paths)


def _read_bare_grey(path: Path) -> NDArray[np.float32]:
    dataset = pydicom.dcmread(path)
    return _bare_grey(dataset.pixel_array, dataset)


def _bare_grey(pixels: NDArray[Any], dataset: Dataset) -> NDArray[np.float32]:
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset) >> 8
    if pixels.ndim == 3:
        return np.asarray(pixels.astype(np.float32) @ _WEIGHTS)
    return pixels.astype(np.float32)


def time_cine(kind: Kind, frames: int, folder: Path) -> list[float]:
    """Median ms a frame of: the reader, `pixel_array`, it to grey, `iter_pixels`, it to grey."""
    path = folder / "cine.dcm"
    _write_cine(kind, path, frames)
    reader = UltrasoundReader()
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    plain, grey = iter_pixels(path), iter_pixels(path)
    ways: list[Callable[[int], Any]] = [
        lambda index: reader.get_data(reader.read(f"{path}#frame={index + 1}")),
        lambda index: pixel_array(path, index=index),
        lambda index: _bare_grey(pixel_array(path, index=index), dataset),
        lambda _: next(plain),
        lambda _: _bare_grey(next(grey), dataset),
    ]
    return _time_in_turn(ways, range(frames))


def _time_in_turn(ways: Sequence[Callable[[Any], Any]], items: Sequence[Any]) -> list[float]:
    """Median ms of each way; the first two items only warm up, as they start processes."""
    times: list[list[float]] = [[] for _ in ways]
    for number, item in enumerate(items):
        for turn in range(len(ways)):
            way = (turn + number) % len(ways)
            started = time.perf_counter()
            ways[way](item)
            if number >= min(2, len(items) - 1):
                times[way].append((time.perf_counter() - started) * 1000)
    return [statistics.median(each) for each in times]


@cache
def _draw(number: int) -> Phantom:
    return make_phantom(number, shape=(_ROWS, _COLUMNS))


def _make_content(photometric: str, number: int) -> Content:
    """Make a picture of speckle; in colour it has a box of colour flow."""
    grey = _draw(number).image
    if photometric == "MONOCHROME2":
        return Content(photometric, grey)
    if photometric == "PALETTE COLOR":
        return Content(photometric, 255 - grey, attributes=make_palette(16))
    rgb = np.dstack([grey] * 3)
    rgb[300:500, 400:650] = (rgb[300:500, 400:650] * np.array([1.0, 0.5, 0.3])).astype(np.uint8)
    return Content(photometric, to_ybr(rgb) if photometric.startswith("YBR_FULL") else rgb)


def _add_region(path: Path) -> None:
    """Say where the ultrasound is, as scanners do."""
    dataset = pydicom.dcmread(path)
    dataset.SequenceOfUltrasoundRegions = [make_region(_draw(0).box, (0.1, 0.1))]
    dataset.save_as(path, enforce_file_format=True)


def _write_cine(kind: Kind, path: Path, frames: int) -> None:
    """Write frames that repeat the pictures."""
    stills = []
    for number in range(_PICTURES):
        kind.write(path, number)
        stills.append(pydicom.dcmread(path))
    dataset = stills[0]
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    dataset.NumberOfFrames = frames
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        streams = [next(generate_frames(still.PixelData, number_of_frames=1)) for still in stills]
        every = [streams[index % _PICTURES] for index in range(frames)]
        dataset.PixelData = encapsulate(every, has_bot=False)
    else:
        dataset.PixelData = b"".join(stills[i % _PICTURES].PixelData for i in range(frames))
    dataset.save_as(path, enforce_file_format=True)


def write_long_cine(path: Path) -> None:
    """Write 2,000 uncompressed frames, 1.5 GB, of which the file system stores a few pages.

    Each frame is black but for its first row, which is made of the number of the frame.
    """
    Kind("", ".1", "MONOCHROME2").write(path, 0)
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    dataset.NumberOfFrames = _LONG_CINE
    del dataset.PixelData
    dataset.save_as(path, enforce_file_format=True)
    size = _ROWS * _COLUMNS
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"\xe0\x7f\x10\x00OB\x00\x00" + (size * _LONG_CINE).to_bytes(4, "little"))
        start = file.tell()
        for index in range(_LONG_CINE):
            file.seek(start + index * size)
            file.write(np.random.default_rng(index).integers(0, 256, _COLUMNS, np.uint8).tobytes())
        file.truncate(start + size * _LONG_CINE)


def measure_memory(path: Path) -> dict[str, float]:
    """Read a file from start to end in a process of its own.

    Returns:
        MiB that reading added to the process, MiB of the processes that it started, and whether
        frames asked for out of order are those of the order.
    """
    command = [sys.executable, __file__, "--read-through", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def read_through(path: Path) -> None:
    """Print what `measure_memory` returns, of this process."""
    reader = UltrasoundReader()
    # What imports took is given back, and the peak of the past forgotten.
    Path("/proc/self/clear_refs").write_text("5")
    before = _read_status("self", "VmRSS")
    sums, children = [], 0.0
    for index in range(_LONG_CINE):
        array, _ = reader.get_data(reader.read(f"{path}#frame={index + 1}"))
        sums.append(array.tobytes()[:: 4 * 97])
    own = _read_status("self", "VmHWM") - before
    children = sum(_read_status(pid, "VmHWM") for pid in _list_children())
    other = UltrasoundReader()
    frames = [other.get_data(other.read(f"{path}#frame={k + 1}"))[0] for k in _RANDOM_FRAMES]
    is_equal = all(
        frame.tobytes()[:: 4 * 97] == sums[k]
        for frame, k in zip(frames, _RANDOM_FRAMES, strict=True)
    )
    print(json.dumps({"own": own, "children": children, "is_equal": is_equal}))


def _read_status(process: str, field: str) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _list_children() -> list[str]:
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]


def name_machine() -> str:
    """Name the processor and the number of its cores."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    return f"{os.cpu_count()} cores of {model or 'an unknown processor'}"


def _format_ratio(ours: float, theirs: float) -> str:
    return f"{ours / max(theirs, _LEAST_RATIO_MS):.2f}"


def format_stills(rows: dict[str, list[float]]) -> Iterator[str]:
    """Write the table of stills."""
    yield "| Still | reader | pixels alone | pydicom | ratio | pydicom to grey | ratio |"
    yield "|---|---|---|---|---|---|---|"
    for name, (ours, pixels, bare, grey) in rows.items():
        ratios = _format_ratio(ours, bare), _format_ratio(ours, grey)
        yield (
            f"| {name} | {ours:.1f} | {pixels:.1f} | {bare:.1f} | {ratios[0]} "
            f"| {grey:.1f} | {ratios[1]} |"
        )


def format_cines(rows: dict[str, list[float]]) -> Iterator[str]:
    """Write the table of cines."""
    yield (
        "| Cine, a frame | reader | `pixel_array` | ratio | to grey | ratio "
        "| `iter_pixels` | ratio | to grey | ratio |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, (ours, *others) in rows.items():
        cells = " | ".join(f"{other:.1f} | {_format_ratio(ours, other)}" for other in others)
        yield f"| {name} | {ours:.1f} | {cells} |"


def format_memory(rows: dict[str, dict[str, float]]) -> Iterator[str]:
    """Write the table of memory."""
    yield (
        f"| Cine of {_LONG_CINE} frames | size of the file | added to the process "
        "| its decoder process | both | frames out of order |"
    )
    yield "|---|---|---|---|---|---|"
    for name, row in rows.items():
        both = row["own"] + row["children"]
        equal = "the same" if row["is_equal"] else "DIFFERENT"
        yield (
            f"| {name} | {row['file']:.0f} MiB | {row['own']:.0f} MiB | {row['children']:.0f} MiB "
            f"| {both:.0f} MiB | {equal} |"
        )


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=40, help="stills of each kind")
    parser.add_argument("--frames", type=int, default=40, help="frames of each cine")
    parser.add_argument("--read-through", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read_through:
        read_through(args.read_through)
        return
    stills, cines, memory = {}, {}, {}
    for kind in STILLS:
        with tempfile.TemporaryDirectory() as folder:
            stills[kind.name] = time_stills(kind, args.files, Path(folder))
    for kind in CINES:
        with tempfile.TemporaryDirectory() as folder:
            cines[kind.name] = time_cine(kind, args.frames, Path(folder))
    jpeg = Kind("JPEG baseline, YBR_FULL_422", ".4.50", "YBR_FULL_422")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cine.dcm"
        for name, write in (
            ("uncompressed, MONOCHROME2", write_long_cine),
            (jpeg.name, lambda path: _write_cine(jpeg, path, _LONG_CINE)),
        ):
            write(path)
            memory[name] = {"file": path.stat().st_size / 2**20, **measure_memory(path)}
            path.unlink()
    lines = [
        f"ms, medians of {args.files} files and {args.frames} frames of {_COLUMNS} x {_ROWS} px, "
        f"in turn in one run; {name_machine()}, pydicom {pydicom.__version__}.",
        "",
        *format_stills(stills),
        "",
        *format_cines(cines),
        "",
        *format_memory(memory),
    ]
    replace_between(PAGE, BEGIN, END, "".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
