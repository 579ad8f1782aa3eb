"""Provenance record of a run."""

import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline import RESEARCH_ONLY, __version__
from pipeline.atomic import write_atomically
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.journal.holds_results import MANIFEST
from pipeline.results.finished_run import FinishedRun
from pipeline.results.writer import Writer

_PACKAGES = (
    *("monai", "torch", "openvino", "pytorch-ignite", "numpy", "scikit-image"),
    *("pydicom", "highdicom"),
)
_PATH = "PATH"
"""What stands for a path in the command."""
_SHARING = ("--shard", "--workers")
"""Options that do not change what comes out, each with a value."""


class RunManifest(Writer):
    """Write ``run.json``: model, weights, settings, versions, command, counts and times.

    It is the only file of a run, but for DICOM objects, with a time in it. Folders may be named
    after patients, so no path is recorded: of the weights only the name, and none in the command.

    Args:
        output_dir: the run's folder.
        model: that made the masks.
        backend: that computed it, see `pipeline.inferers.TTAInferer`.
    """

    def __init__(self, output_dir: str | Path, model: ModelIdentity, backend: str) -> None:
        self.path: Path = Path(output_dir) / MANIFEST
        self.model = model
        self.backend = backend
        self.started = datetime.now(timezone.utc)

    def write_run(self, run: FinishedRun) -> None:
        """Write the file.

        Raises:
            WriteError: the file cannot be written.
        """
        write_manifest(self.path, self.describe(), run, self.started, datetime.now(timezone.utc))

    def describe(self) -> dict[str, Any]:
        """Describe what runs, all but settings, counts and times."""
        return {
            "notice": RESEARCH_ONLY,
            "model": self.model.name,
            "model_version": self.model.version,
            "weights_sha256": self.model.weights_sha256,
            "backend": self.backend,
            "command": _describe_command(sys.argv),
            "software": {"breast-us-seg": __version__, "python": platform.python_version()}
            | {name: _find_version(name) for name in _PACKAGES},
            "platform": platform.platform(),
        }


def write_manifest(
    path: Path, facts: Mapping[str, Any], run: FinishedRun, started: datetime, ended: datetime
) -> None:
    """Write ``run.json``.

    Args:
        path: of the file.
        facts: by `RunManifest.describe`.
        run: its counts and settings are recorded.
        started: time of the begin.
        ended: time of the end.

    Raises:
        WriteError: the file cannot be written.
    """
    names = list(facts)
    place = names.index("command")
    content = {name: facts[name] for name in names[:place]}
    content |= {
        "settings_sha256": run.fingerprint,
        "settings": {name: str(value) for name, value in run.settings.items()},
        "images": dict(run.counts),
    }
    content |= {name: facts[name] for name in names[place:]}
    content |= {
        "started": started.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": round((ended - started).total_seconds(), 1),
    }
    write_atomically(path, json.dumps(content, indent=2).encode() + b"\n")


def _describe_command(argv: Sequence[str]) -> str:
    """Give the command without its paths, and without how the run was split."""
    words = list(argv[1:])
    for option in _SHARING:
        while option in words:
            place = words.index(option)
            del words[place : place + 2]
    words = [word for word in words if not word.startswith(tuple(f"{each}=" for each in _SHARING))]
    return shlex.join([Path(argv[0]).name, *map(_hide_path, words)])


def _hide_path(word: str) -> str:
    """Hide what is a path in ``value``, ``--name=value`` or ``name=value``."""
    name, equals, value = word.rpartition("=")
    is_path = Path(value).name != value or os.path.exists(value)
    return f"{name}{equals}{_PATH}" if is_path else word


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # installed without metadata, which must not cost the run
        return "unknown"
