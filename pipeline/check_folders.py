"""Check input and output folders before a run, so that a slip costs a second."""

import difflib
import os
import shutil
import tempfile
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.journal.holds_results import holds_results

LEAST_ROOM = 16 << 20
"""Bytes that must be free where results are written."""


def check_input(source: Path) -> None:
    """Check that there is something to read.

    Raises:
        ConfigError: there is nothing, or only results of this program.
    """
    if not source.exists():
        msg = f"expected images at {source}, found nothing{_guess(source)}"
        raise ConfigError(msg)
    if not source.is_dir():
        return
    try:
        is_empty = next(source.iterdir(), None) is None
    except OSError as error:
        msg = f"expected images in {source}, got {error.strerror}"
        raise ConfigError(msg) from error
    if is_empty:
        msg = f"expected images in {source}, found an empty folder"
        raise ConfigError(msg)
    if holds_results(source):
        msg = f"expected images in {source}, found results of this program"
        raise ConfigError(msg)


def check_output(folder: Path) -> None:
    """Check that results can be written.

    Args:
        folder: of the results; need not exist.

    Raises:
        ConfigError: it is no folder, is closed, or its disk is full.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not existing.is_dir():
        msg = f"expected a folder for the results at {folder}, found a file at {existing}"
        raise ConfigError(msg)
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"0")
            file.flush()
        room = shutil.disk_usage(existing).free
    except OSError as error:
        msg = f"expected to write results to {folder}, got {error.strerror}"
        raise ConfigError(msg) from error
    if room < LEAST_ROOM:
        msg = f"expected {LEAST_ROOM} bytes of room for results at {folder}, found {room}"
        raise ConfigError(msg)


def _guess(missing: Path) -> str:
    """Say how much of a path exists, and which name there is similar."""
    *_, gone = (path for path in (missing, *missing.absolute().parents) if not path.exists())
    place = gone.absolute().parent
    try:
        names = [path.name for path in place.iterdir()]
    except OSError:
        names = []
    close = difflib.get_close_matches(gone.name, names, 1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f": there is no {gone.name} in {place}{hint}"
