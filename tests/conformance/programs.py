"""Programs that look at DICOM files; a test of a missing one is skipped and says so."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = {
    "dciodvfy": "apt package dicom3tools",
    "dcentvfy": "apt package dicom3tools",
    "segimage2itkimage": "Python package dcmqi",
    "node": "Node.js 20 or newer",
}
SECONDS = 120


def find_program(name):
    """Find a program beside this Python or in the PATH."""
    path = shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing: install the {PACKAGES[name]} to check with it")
    return path


def run(name, *arguments):
    return subprocess.run(
        [find_program(name), *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=SECONDS,
    )


def find_errors(name, *paths):
    """Let a validator of dicom3tools check files: its errors, or how it has failed."""
    result = run(name, *paths)
    lines = (result.stdout + result.stderr).splitlines()
    errors = [line for line in lines if "Error" in line]
    if result.returncode != 0 and not errors:
        errors = [f"{name} has ended with {result.returncode}"]
    return errors
