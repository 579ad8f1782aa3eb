"""Send the results of one study of the queue after the other."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from pydicom.uid import generate_uid

from pipeline.get_logger import get_logger
from pipeline.node.archive import Archive
from pipeline.node.choose_destinations import choose_destinations
from pipeline.node.commitments import Commitments
from pipeline.node.delivery_error import DeliveryError, UnreachableError
from pipeline.node.node_config import Rule
from pipeline.node.spool import Spool, State, Study
from pipeline.node.study_record import Delivery

logger = get_logger(__name__)

COMMITMENT_S = 3600.0
"""Seconds for which the answer to a request for storage commitment is waited for."""

_REST_S = 30.0
"""Seconds for which a destination that does not answer is left alone, unless a pause is shorter."""


class Sender:
    """Send what is due; a study ends when all its destinations are done or given up.

    Every try sends the same files, so the same UIDs: an archive replaces, and has nothing twice.

    Args:
        spool: the queue.
        rules: where results go.
        archives: destinations by name.
        commitments: answers of archives.
        pauses_s: between tries.
        end: called for each study that has come to its end, and which end.
        clock: time in seconds since 1970.
    """

    def __init__(
        self,
        spool: Spool,
        rules: Sequence[Rule],
        archives: Mapping[str, Archive],
        commitments: Commitments,
        pauses_s: Sequence[float],
        end: Callable[[Study, State], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.spool = spool
        self.counts: Counter[tuple[str, str]] = Counter()
        self._rules = rules
        self._archives = archives
        self._commitments = commitments
        self._pauses_s = pauses_s
        self._end = end
        self._clock = clock
        self._rests: dict[str, float] = {}

    def step(self) -> None:
        """Try each study once that is due.

        Raises:
            OSError: the disk fails.
            WriteError: the disk is full.
        """
        for study in self.spool.list(State.RESULTS):
            self._advance(study)

    def _advance(self, study: Study) -> None:
        record = study.record
        names = choose_destinations(self._rules, record)
        for name in names:
            delivery = record.deliveries.setdefault(name, Delivery())
            is_due = delivery.next_try <= self._clock() and not self._is_resting(name)
            if delivery.is_done or delivery.is_given_up:
                continue
            if delivery.transaction:
                self._look_for_commitment(study, name, delivery, is_due=is_due)
            elif is_due:
                self._deliver(study, name, delivery)
        deliveries = [record.deliveries[name] for name in names]
        if all(each.is_done or each.is_given_up for each in deliveries):
            is_whole = all(each.is_done for each in deliveries) and not record.counts.get("failed")
            self._end(study, State.SENT if is_whole else State.FAILED)

    def _deliver(self, study: Study, name: str, delivery: Delivery) -> None:
        archive = self._archives[name]
        results = chain.from_iterable(study.list_results().values())
        files = {_name(study, path): path for path in results}
        waiting = [path for key, path in files.items() if key not in delivery.stored]
        try:
            for path in archive.store(waiting):
                delivery.stored.append(_name(study, path))
                self.counts[name, "stored"] += 1
            if archive.commits and files:
                delivery.transaction = str(generate_uid())
                delivery.next_try = self._clock() + COMMITMENT_S
                study.save()  # before the answer can come
                archive.ask_commitment(list(files.values()), delivery.transaction)
            else:
                delivery.is_done = True
        except DeliveryError as error:
            delivery.transaction = ""
            self._fail(study, name, delivery, error)
            return
        study.save()

    def _look_for_commitment(
        self, study: Study, name: str, delivery: Delivery, *, is_due: bool
    ) -> None:
        missing = self._commitments.read(delivery.transaction)
        if missing is None and not is_due:
            return
        delivery.transaction, delivery.next_try = "", 0.0
        if missing is None:
            msg = f"no storage commitment within {COMMITMENT_S:g} s"
            self._fail(study, name, delivery, DeliveryError(msg))
        elif missing:
            delivery.stored = []
            msg = f"it does not commit itself to keep {len(missing)} objects"
            self._fail(study, name, delivery, DeliveryError(msg))
        else:
            delivery.is_done = True
            study.save()

    def _fail(self, study: Study, name: str, delivery: Delivery, error: DeliveryError) -> None:
        self.counts[name, "failed"] += 1
        delivery.attempts += 1
        delivery.last_error = str(error)
        pause = 0.0
        if delivery.attempts > len(self._pauses_s):
            delivery.is_given_up = True
            logger.error("results of %s for %s are given up: %s", study.name, name, error)
        else:
            pause = self._pauses_s[delivery.attempts - 1]
            delivery.next_try = self._clock() + pause
            msg = "results of %s are sent to %s again in %g s: %s"
            logger.warning(msg, study.name, name, pause, error)
        if isinstance(error, UnreachableError):
            self._rests[name] = self._clock() + min(_REST_S, pause)
        study.save()

    def _is_resting(self, name: str) -> bool:
        return self._rests.get(name, 0.0) > self._clock()


def _name(study: Study, path: Path) -> str:
    return path.relative_to(study.output).as_posix()
