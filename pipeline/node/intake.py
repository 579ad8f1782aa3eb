"""Put images that have come into studies, and say when a study is complete."""

import contextlib
import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pydicom import Dataset

from pipeline.atomic import sync_folder
from pipeline.errors import ReadError, WriteError
from pipeline.get_logger import get_logger
from pipeline.node.node_config import Receive
from pipeline.node.refused_error import Refusal, RefusedError
from pipeline.node.spool import Spool, State, Study, make_code
from pipeline.node.study_record import StudyRecord
from pipeline.readers.dicom.dicom_classes import (
    OTHER_MODALITIES,
    OWN_MANUFACTURER,
    ULTRASOUND_CLASSES,
)
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.read_values import read_values

logger = get_logger(__name__)

_GIB = 1 << 30
_CHUNK = 1 << 20
_KNOWN = (State.SENT, State.RESULTS, State.STUDIES, State.RECEIVED)
"""Where an image counts as here already; one of a study that was put aside may come again."""

_Key = tuple[str, str, str]


class Outcome(Enum):
    """What became of an image that was taken."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    OWN = "own"


@dataclass
class _Open:
    study: Study
    last: float


class Intake:
    """Take images, one at a time, into the studies that are still coming.

    An image is named by the codes of its *SOP Instance UID* (0008,0018) and of its bytes: the same
    again is no second run, and other bytes replace the image, as after a correction of its header.

    Args:
        spool: the queue.
        settings: limits.
        clock: time in seconds since 1970.
    """

    def __init__(
        self, spool: Spool, settings: Receive, clock: Callable[[], float] = time.time
    ) -> None:
        self.spool = spool
        self.settings = settings
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[_Key, _Open] = {}
        self._known: dict[_Key, dict[str, str]] = {}
        self._recover()

    def check_room(self, *, new_study: bool = False) -> None:
        """Check that there is room for an image.

        Args:
            new_study: and for a study.

        Raises:
            RefusedError: there is none.
        """
        reserve = self.settings.disk_reserve_gib * _GIB
        if self.spool.measure_free_bytes() < reserve:
            msg = f"expected {self.settings.disk_reserve_gib:g} GiB of free disk, got less"
            raise RefusedError(Refusal.NO_ROOM, msg)
        if new_study and self.count_waiting() >= self.settings.most_studies:
            msg = f"expected at most {self.settings.most_studies} studies to wait, got more"
            raise RefusedError(Refusal.NO_ROOM, msg)

    def count_waiting(self) -> int:
        """Count the studies that are not done."""
        return sum(map(self.spool.count, (State.RECEIVED, State.STUDIES, State.RESULTS)))

    def store(self, path: Path, *, source: str, called: str, instance: str = "") -> Outcome:
        """Take an image: it is on the disk, for good, when this comes back.

        Args:
            path: a file in ``incoming`` of the spool; it is gone afterwards.
            source: name of who sends.
            called: AE title by which we were called.
            instance: *SOP Instance UID* that the sender has given beside it; empty for none.

        Raises:
            RefusedError: it is not taken.
        """
        try:
            outcome = self._store(path, source, called, instance)
        except RefusedError as error:
            self.counts["refused"] += 1
            logger.warning("an image of %s is refused: %s", source, error)
            raise
        except (OSError, WriteError) as error:
            self.counts["refused"] += 1
            kind = getattr(error, "strerror", None) or "an error of the disk"
            logger.exception("an image of %s is refused: %s", source, kind)
            msg = f"expected to store the image, got {kind}"
            raise RefusedError(Refusal.NO_ROOM, msg) from error
        finally:
            with contextlib.suppress(OSError):  # else it is removed at the next start
                path.unlink(missing_ok=True)
        self.counts[outcome.value] += 1
        return outcome

    def close_quiet(self, *, silence_s: float | None = None) -> int:
        """Pass on the studies that have received nothing for a while.

        Args:
            silence_s: for how long; `None` takes that of the settings.

        Returns:
            How many.

        Raises:
            OSError: the disk fails.
        """
        silence = self.settings.silence_s if silence_s is None else silence_s
        with self._lock:
            now = self._clock()
            quiet = [key for key, each in self._open.items() if now - each.last >= silence]
            for key in quiet:
                self.spool.move(self._open[key].study, State.STUDIES)
                del self._open[key]
        return len(quiet)

    def forget(self, study: Study) -> None:
        """Forget the images of a study that is being deleted."""
        with self._lock:
            known = self._known.get(_make_key(study.record), {})
            for path in study.list_images():
                instance, _, content = path.stem.partition("-")
                if known.get(instance) == content:
                    del known[instance]
            if not known:
                self._known.pop(_make_key(study.record), None)

    def _recover(self) -> None:
        for state in _KNOWN:
            for study in self.spool.list(state):
                key = _make_key(study.record)
                known = self._known.setdefault(key, {})
                known |= dict(path.stem.split("-", 1) for path in study.list_images())
                if state is State.RECEIVED:
                    self._open[key] = _Open(study, self._clock())

    def _store(self, path: Path, source: str, called: str, instance: str) -> Outcome:
        self.check_room()
        dataset = _read(path)
        uid = _read_uid(dataset, "SOPInstanceUID")
        if instance and uid != instance:
            msg = "expected the SOPInstanceUID (0008,0018) that the sender has announced"
            raise RefusedError(Refusal.OTHER_CLASS, msg)
        if _read_uid(dataset, "SOPClassUID") not in ULTRASOUND_CLASSES:
            msg = "expected an ultrasound image or a secondary capture, got another object"
            raise RefusedError(Refusal.OTHER_CLASS, msg)
        if read_values(dataset, "Manufacturer") == [OWN_MANUFACTURER]:
            return Outcome.OWN
        study = make_code(_read_uid(dataset, "StudyInstanceUID"))
        modality = _read_modality(dataset)
        content = _hash_and_sync(path)
        with self._lock:
            return self._keep(path, (source, called, study), make_code(uid), content, modality)

    def _keep(self, path: Path, key: _Key, uid: str, content: str, modality: str) -> Outcome:
        known = self._known.get(key, {})
        if known.get(uid) == content:
            if key in self._open:
                self._open[key].last = self._clock()
            return Outcome.DUPLICATE
        study = self._find_open(key, modality)
        os.rename(path, study.images / f"{uid}-{content}.dcm")
        sync_folder(study.images)
        if uid in known:
            (study.images / f"{uid}-{known[uid]}.dcm").unlink(missing_ok=True)
        self._known.setdefault(key, {})[uid] = content
        self._open[key].last = self._clock()
        return Outcome.STORED

    def _find_open(self, key: _Key, modality: str) -> Study:
        source, called, code = key
        if key not in self._open:
            self.check_room(new_study=True)
            record = StudyRecord(code, source, called, self._clock(), [modality])
            self._open[key] = _Open(self.spool.create(record), self._clock())
        study = self._open[key].study
        if modality not in study.record.modalities:
            study.record.modalities.append(modality)
            study.save()
        return study


def _make_key(record: StudyRecord) -> _Key:
    return record.source, record.called, record.study


def _read(path: Path) -> Dataset:
    try:
        return DicomHeader(path).dataset
    except ReadError as error:
        raise RefusedError(Refusal.NOT_UNDERSTOOD, str(error)) from error


def _read_uid(dataset: Dataset, keyword: str) -> str:
    values = [str(value) for value in read_values(dataset, keyword)]
    if len(values) != 1 or not values[0].strip():
        msg = f"expected one {keyword}, got none or a damaged one"
        raise RefusedError(Refusal.NOT_UNDERSTOOD, msg)
    return values[0]


def _read_modality(dataset: Dataset) -> str:
    """Read a term of the standard; what somebody else has typed there may be anything."""
    value = " ".join(map(str, read_values(dataset, "Modality"))).strip().upper()
    return value if value in {"US", "OT", *OTHER_MODALITIES} else ""


def _hash_and_sync(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        os.fsync(file.fileno())
    return digest.hexdigest()[:24]
