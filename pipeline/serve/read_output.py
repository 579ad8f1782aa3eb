"""Read what a run has made, for an answer."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_INTEGER = re.compile(r"-?\d{1,15}")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?(e[+-]?\d+)?")
_HIDDEN = ("file", "instance")


def read_output(output: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """Read the tables of a run.

    Args:
        output: folder of the run.
        names: of its input files, in the order in which the client has sent them.

    Returns:
        One object per image or frame: the columns of ``results.csv``, with the number of the file
        from 1 and the rows of ``lesions.csv`` as `lesions`. Empty cells are `None`.
    """
    numbers = {name: number for number, name in enumerate(names, start=1)}
    lesions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _read(output / "lesions.csv"):
        key = row.pop("file"), row.pop("frame")
        lesions.setdefault(key, []).append({name: _parse(row[name]) for name in row})
    images = []
    for row in _read(output / "results.csv"):
        key = row["file"], row["frame"]
        cells = {name: _parse(value) for name, value in row.items() if name not in _HIDDEN}
        images.append({"file": numbers.get(key[0], 0), **cells, "lesions": lesions.get(key, [])})
    return images


def find_mask(output: Path, name: str, frame: int | None) -> Path | None:
    """Find the mask of an image.

    Args:
        output: folder of the run.
        name: of its input file.
        frame: number from 1; `None` for a file with a single one.

    Returns:
        The PNG, `None` if there is none.
    """
    found = sorted((output / "masks").glob(f"{name}*"))
    for path in found:
        if path.is_file() and frame in (None, 1):
            return path
        if path.is_dir():
            frames = sorted(path.glob("*.png"))
            return frames[frame - 1] if frame and 0 < frame <= len(frames) else None
    return None


def find_object(output: Path, kind: str) -> Path | None:
    """Find the first DICOM result of a kind.

    Args:
        output: folder of the run.
        kind: ``seg`` or ``sr``.
    """
    return next(iter(sorted((output / kind).rglob("*.dcm"))), None)


def _read(path: Path) -> Iterator[dict[str, str]]:
    if not path.exists():
        return
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _parse(cell: str) -> Any:
    if cell == "":
        return None
    if _INTEGER.fullmatch(cell):
        return int(cell)
    return float(cell) if _NUMBER.fullmatch(cell) else cell
