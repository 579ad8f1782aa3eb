"""Try everything a node needs before anybody sends to it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.node.archive import make_archives
from pipeline.node.make_worker import make_worker
from pipeline.node.node_config import NodeConfig

_GIB = 1 << 30


@dataclass(frozen=True)
class CheckedPart:
    """One line of the answer.

    Attributes:
        part: what was tried.
        problem: what is wrong, empty if nothing is.
    """

    part: str
    problem: str = ""


def check_node(config: NodeConfig) -> Iterator[CheckedPart]:
    """Try disk, model and all destinations.

    Args:
        config: of the node, which may be running.

    Raises:
        ConfigError: a file that the config names does not fit.
    """
    archives = make_archives(config)
    yield CheckedPart(f"disk of {config.folder}", _check_disk(config))
    yield CheckedPart("model", _check_model(config))
    for name, archive in archives.items():
        try:
            archive.check()
        except PipelineError as error:
            yield CheckedPart(f"destination {name}", str(error))
        else:
            yield CheckedPart(f"destination {name}")


def _check_disk(config: NodeConfig) -> str:
    """Make no folder, as it is the node's user who has to have it."""
    place = next(each for each in (config.folder, *config.folder.parents) if each.exists())
    if not os.access(place, os.W_OK):
        return f"expected to write to {place}, which this user may not"
    free = shutil.disk_usage(place).free / _GIB
    reserve = config.receive.disk_reserve_gib
    return "" if free >= reserve else f"expected {reserve:g} GiB to be free, got {free:.1f}"


def _check_model(config: NodeConfig) -> str:
    worker = make_worker(config)
    try:
        worker.check()
    except PipelineError as error:
        return str(error)
    finally:
        worker.close()
    return ""
