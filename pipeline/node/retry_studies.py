"""Give studies that were put aside another chance."""

from collections.abc import Collection

from pipeline.errors import ConfigError
from pipeline.node.spool import Spool, State


def retry_studies(spool: Spool, names: Collection[str] = ()) -> list[str]:
    """Put studies back into the queue; what was done of them stays done.

    Args:
        spool: the queue; its node may be running.
        names: of their folders; empty for all.

    Returns:
        Names of those that were put back.

    Raises:
        ConfigError: one of them was not put aside.
        OSError: the disk fails.
        WriteError: the disk is full.
    """
    found = {study.name: study for study in spool.list(State.FAILED)}
    unknown = next((name for name in names if name not in found), None)
    if unknown is not None:
        msg = f"expected a folder of {spool.folder(State.FAILED)}, got {unknown!r}"
        raise ConfigError(msg)
    chosen = [study for name, study in found.items() if not names or name in names]
    for study in chosen:
        record = study.record
        record.attempts = record.deaths = 0
        record.next_try = record.ended = 0.0
        record.last_error = ""
        record.deliveries = {}
        study.save()
        spool.move(study, State.STUDIES)
    return [study.name for study in chosen]
