"""The queue: a folder for each state, a folder in it for each study."""

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.atomic import sync_folder, write_atomically
from pipeline.errors import ConfigError, ReadError, WriteError
from pipeline.get_logger import get_logger
from pipeline.node.study_record import StudyRecord

logger = get_logger(__name__)

IMAGES, OUTPUT = "images", "output"
"""Folders of a study: what has come, and what `infer` makes of it."""

_RESULTS = {"SEG": "seg", "SR": "sr", "SC": "sc"}
"""Kinds of DICOM results, and their folders in the output of a run."""
_RECORD = "study.json"
_DIGITS = 24
_STALE_S = 600
"""Seconds for which nothing is added to a file before its transfer is taken to have ended."""


class State(Enum):
    """What is to be done with a study; the value is the name of the folder."""

    RECEIVED = "received"
    STUDIES = "studies"
    RESULTS = "results"
    SENT = "sent"
    FAILED = "failed"


@dataclass
class Study:
    """A study in the queue.

    Attributes:
        folder: where it is now.
        record: what is known of it.
    """

    folder: Path
    record: StudyRecord

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def images(self) -> Path:
        """Folder of its images."""
        return self.folder / IMAGES

    @property
    def output(self) -> Path:
        """Folder of what `infer` makes of them."""
        return self.folder / OUTPUT

    def list_images(self) -> list[Path]:
        """List its images by name."""
        return sorted(self.images.glob("*.dcm"))

    def list_results(self) -> dict[str, list[Path]]:
        """List the DICOM results that `infer` has made, by kind."""
        return {
            kind: sorted((self.output / folder).rglob("*.dcm")) for kind, folder in _RESULTS.items()
        }

    def save(self) -> None:
        """Write what is known.

        Raises:
            WriteError: the disk is full or fails.
        """
        write_atomically(self.folder / _RECORD, self.record.encode(), sync=True)


class Spool:
    """Studies as folders: renaming one is the change of its state, so a killed node goes on.

    Names are ours: a peer's text makes no path.

    Args:
        root: folder of it all; made if missing, for this user alone.

    Raises:
        ConfigError: it is another user's, who could not read what this one writes.
        WriteError: it cannot be made.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        _check_owner(self.incoming)
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name in (*(state.value for state in State), self.incoming.name):
                (root / name).mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            msg = f"expected a folder to write to at {root}, got {error.strerror}"
            raise WriteError(msg) from error

    def clear_incoming(self) -> None:
        """Remove what a killed node was receiving; no sender has got a success for it."""
        for path in self.incoming.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def remove_stale(self, now: float) -> None:
        """Remove files of transfers that were broken off.

        Args:
            now: seconds since 1970.
        """
        for path in self.incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):  # it has just come to its end
                if path.is_file() and now - path.stat().st_mtime > _STALE_S:
                    path.unlink()

    def list(self, state: State) -> list[Study]:
        """List the studies of a state, those first that came first."""
        found = []
        for folder in self.folder(state).iterdir():
            try:
                record = StudyRecord.decode((folder / _RECORD).read_bytes())
            except FileNotFoundError:
                continue  # it has moved on, or is being deleted
            except (OSError, ReadError):
                logger.exception("expected a study in %s: look at it and move it away", folder)
                continue
            found.append(Study(folder, record))
        return sorted(found, key=lambda study: (study.record.received, study.name))

    def count(self, state: State) -> int:
        """Count the studies of a state."""
        return sum(1 for _ in self.folder(state).iterdir())

    def folder(self, state: State) -> Path:
        """Name the folder of a state."""
        return self.root / state.value

    def create(
        self, record: StudyRecord, state: State = State.RECEIVED, images: Iterable[Path] = ()
    ) -> Study:
        """Begin a study; it is there as a whole or not at all.

        Args:
            record: of it.
            state: to begin with.
            images: files that it shares with another study.

        Raises:
            WriteError: the disk is full or fails.
        """
        folder = self.incoming / f"{record.study}-{secrets.token_hex(4)}"
        study = Study(folder, record)
        try:
            study.images.mkdir(parents=True, mode=0o700)
            for path in images:
                os.link(path, study.images / path.name)
            study.save()
            sync_folder(study.images)
            self.move(study, state)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            msg = f"expected to begin a study in {self.root}, got {error.strerror}"
            raise WriteError(msg) from error
        return study

    def move(self, study: Study, state: State) -> None:
        """Change the state of a study.

        Args:
            study: whose folder is another one afterwards.
            state: its new one.

        Raises:
            OSError: the disk fails.
        """
        target = self.folder(state) / study.name
        before = study.folder.parent
        sync_folder(study.folder)
        os.rename(study.folder, target)
        sync_folder(target.parent)
        sync_folder(before)
        study.folder = target

    def remove(self, study: Study) -> None:
        """Delete a study.

        Raises:
            OSError: the disk fails.
        """
        aside = self.incoming / study.name
        os.rename(study.folder, aside)  # half deleted ones are no studies
        shutil.rmtree(aside)

    def measure_free_bytes(self) -> int:
        """Measure the room on the disk."""
        return shutil.disk_usage(self.root).free


def _check_owner(folder: Path) -> None:
    if os.name != "posix" or not folder.exists() or folder.stat().st_uid == os.geteuid():
        return
    msg = (
        f"expected to be run by the user whose node has {folder.parent}, number "
        f"{folder.stat().st_uid}: use `sudo -u`"
    )
    raise ConfigError(msg)


def make_code(text: str) -> str:
    """Make a name of a text, the same for the same one, that says nothing about it.

    Examples:
        >>> make_code("1.2.3")
        'c47f5b18b8a430e698b9fe15'
    """
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
