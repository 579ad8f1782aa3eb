"""Delete what was kept long enough."""

from collections.abc import Callable

from pipeline.get_logger import get_logger
from pipeline.node.node_config import Keep
from pipeline.node.spool import Spool, State, Study

logger = get_logger(__name__)

_SECONDS_OF_A_DAY = 86_400


def delete_old(spool: Spool, keep: Keep, forget: Callable[[Study], None], now: float) -> int:
    """Delete studies that have ended long ago, with their images and results.

    Args:
        spool: the queue.
        keep: for how long they are kept.
        forget: called for each before.
        now: seconds since 1970.

    Returns:
        How many.

    Raises:
        OSError: the disk fails.
    """
    count = 0
    for state, days in ((State.SENT, keep.sent_days), (State.FAILED, keep.failed_days)):
        for study in spool.list(state):
            if now - study.record.ended >= days * _SECONDS_OF_A_DAY:
                forget(study)
                spool.remove(study)
                count += 1
    if count:
        logger.info("%d studies were kept long enough, and are deleted", count)
    return count
