"""The end of a study: sent, or put aside."""

import time
from collections.abc import Callable

from pipeline.node.audit import Audit
from pipeline.node.spool import Spool, State, Study


class EndStudy:
    """Write the line of the audit, then move the study.

    Args:
        spool: the queue.
        audit: gets a line.
        forget: called for studies that were put aside, whose images may come again.
        clock: time in seconds since 1970.
    """

    def __init__(
        self,
        spool: Spool,
        audit: Audit,
        forget: Callable[[Study], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._audit = audit
        self._forget = forget
        self._clock = clock

    def __call__(self, study: Study, end: State) -> None:
        """End a study.

        Args:
            study: whose folder is another one afterwards.
            end: sent or put aside.

        Raises:
            OSError: the disk fails.
            WriteError: the disk is full.
        """
        study.record.ended = self._clock()
        study.save()
        self._audit.write(study, end)
        if end is State.FAILED:
            self._forget(study)
        self._spool.move(study, end)

    def put_aside(self, study: Study) -> None:
        """End a study that cannot be done.

        Args:
            study: whose folder is another one afterwards.
        """
        self(study, State.FAILED)
