"""Walk once, and share out what was found."""

import hashlib
import json
import os
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.atomic import write_atomically, write_once
from pipeline.datasets.walk_folder import iterate_folder
from pipeline.errors import ConfigError, ReadError, WriteError
from pipeline.journal.holds_results import JOURNAL
from pipeline.readers.file_type import FileType, detect_file_type
from pipeline.readers.open_image import open_image
from pipeline.shards.shard import check_count, hash_name
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import DIGITS, ShardPlan


def make_plan(source: Path, output_dir: Path, shards: int) -> ShardPlan:
    """Decide which shard does which file, once for all processes.

    A file's shard follows from its name (`hash_name`), so that one more file moves no other. Files
    that have the same *SOP Instance UID* (0008,0018) go to the shard of the first of them, as only
    one of them gets DICOM objects. Of each file there are 24 bytes in memory.

    A plan that is there already is kept. If files were added or are gone since, it is written
    again, unless another file would have to move.

    Args:
        source: folder of images, or a single image.
        output_dir: the run's folder, whose ``shards/`` gets the plan.
        shards: how many.

    Raises:
        ConfigError: there is a plan of another number of shards, a file would have to move, or the
            folder has the results of a run that is not in shards.
        WriteError: the plan cannot be written.
    """
    check_count(shards)
    folder = ShardFolder(output_dir)
    if (output_dir / JOURNAL).exists():
        msg = f"expected no results in {output_dir}, found those of one run: choose another folder"
        raise ConfigError(msg)
    earlier = ShardPlan.read(folder)
    if earlier is not None and earlier.shards != shards:
        msg = (
            f"expected {earlier.shards} shards, as the plan in {folder.path} says, got {shards}: "
            "choose another folder for another plan"
        )
        raise ConfigError(msg)
    try:
        with tempfile.TemporaryFile() as spool:
            found = _Found.walk(source, output_dir, spool)
            plan = _write_lists(found.share_out(shards), found, folder, shards)
    except OSError as error:
        msg = f"expected room for the plan of {output_dir}, got {error.strerror}"
        raise WriteError(msg) from error
    if earlier is None and write_once(folder.plan, plan.encode()):
        return plan
    earlier = earlier or ShardPlan.read(folder)
    if earlier is None or earlier.shards != shards:
        msg = f"expected one plan for {output_dir}, another process has made another: plan again"
        raise ConfigError(msg)
    if earlier != plan:
        _refuse_moves(source, earlier, plan, folder)
        write_atomically(folder.plan, plan.encode(), sync=True)
    return plan


class _Found:
    """What a walk has found: names in a file, and of each one where, its hash and its instance."""

    def __init__(self, spool: BinaryIO) -> None:
        self._spool = spool
        self._places = array("Q")
        self._names = array("Q")
        self._instances = array("Q")

    @classmethod
    def walk(cls, source: Path, output_dir: Path, spool: BinaryIO) -> "_Found":
        found = cls(spool)
        root = source if source.is_dir() else source.parent
        for path in iterate_folder(source, exclude=output_dir):
            name = path.relative_to(root).as_posix()
            found._places.append(spool.tell())
            found._names.append(hash_name(name))
            found._instances.append(_hash_instance(path))
            spool.write(json.dumps(name).encode() + b"\n")
        return found

    def share_out(self, shards: int) -> NDArray[np.int64]:
        """Give each file the number of its shard."""
        names = np.frombuffer(self._names, np.uint64) if self._names else np.zeros(0, np.uint64)
        count = len(names)
        chosen = names
        instances = np.frombuffer(self._instances, np.uint64) if count else names
        if instances.any():
            # A graph of names and of instances; a file connects its two.
            known = np.flatnonzero(instances)
            values, groups = np.unique(names, return_inverse=True)
            _, codes = np.unique(instances[known], return_inverse=True)
            size = len(values) + int(codes.max()) + 1
            edges = (np.ones(len(known), np.int8), (groups[known], codes + len(values)))
            _, labels = connected_components(coo_array(edges, shape=(size, size)), directed=False)
            _, first, whole = np.unique(labels[groups], return_index=True, return_inverse=True)
            chosen = names[first][whole]
        numbers: NDArray[np.int64] = (chosen % np.uint64(shards)).astype(np.int64)
        return numbers

    def read(self, numbers: NDArray[np.int64]) -> Iterator[bytes]:
        """Read the lines of some files."""
        for number in numbers:
            self._spool.seek(self._places[int(number)])
            yield self._spool.readline()


def _write_lists(
    chosen: NDArray[np.int64], found: _Found, folder: ShardFolder, shards: int
) -> ShardPlan:
    order = np.argsort(chosen, kind="stable")
    ends = np.searchsorted(chosen[order], np.arange(shards + 1))
    lists, counts = [], []
    for number in range(shards):
        content = b"".join(found.read(order[ends[number] : ends[number + 1]]))
        digest = hashlib.sha256(content).hexdigest()[:DIGITS] if content else ""
        if digest and not (path := folder.list(number, digest)).exists():
            write_atomically(path, content, sync=True)
        lists.append(digest)
        counts.append(int(ends[number + 1] - ends[number]))
    return ShardPlan(shards, counts, lists)


def _hash_instance(path: Path) -> int:
    """Give 64 bits of the hash of an instance; 0 for a file that has none, or is not read."""
    try:
        if not path.is_file() or detect_file_type(path) is not FileType.DICOM:
            return 0
        uid = open_image(path).identity["SOPInstanceUID"]
    except (ReadError, OSError):  # the run will say why
        return 0
    return int.from_bytes(hashlib.sha256(uid.encode()).digest()[:8], "big") if uid else 0


def _refuse_moves(source: Path, earlier: ShardPlan, plan: ShardPlan, folder: ShardFolder) -> None:
    root = source if source.is_dir() else source.parent
    for number in range(plan.shards):
        if earlier.lists[number] == plan.lists[number]:
            continue
        now = set(plan.read_files(number, folder))
        for file in earlier.read_files(number, folder):
            if file not in now and os.path.lexists(root / file):
                msg = (
                    f"expected {file} to stay in shard {number}, a copy of its instance that comes "
                    "before it was added or is gone: choose another folder for the results"
                )
                raise ConfigError(msg)
