"""What became of each input of a shard, while others do the rest."""

import itertools
from collections.abc import Collection, Sequence
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path

from pipeline.atomic import name_process
from pipeline.errors import ConfigError, ReadError, WriteError
from pipeline.get_logger import get_logger
from pipeline.journal.journal_file import JournalFile
from pipeline.journal.read_journal import read_journal
from pipeline.journal.run_identity import RunIdentity
from pipeline.journal.run_journal import FAILED_EXIT_CODE, RunJournal
from pipeline.results.writer import Writer
from pipeline.shards.attempts import SUFFIX, Attempts
from pipeline.shards.finish_file import EXIT_CODE, FinishFile
from pipeline.shards.orders import Orders
from pipeline.shards.run_record import RunRecord
from pipeline.shards.shard import Shard
from pipeline.shards.shard_done import ShardDone
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import ShardPlan
from pipeline.shards.shared_files import SharedFiles
from pipeline.shards.unmerge import unmerge

logger = get_logger(__name__)

_NUMBERS = itertools.count()


class ShardJournal(RunJournal):
    """Know what is done of a shard, by whichever process, and say at the end that all of it is.

    Each process has a journal of its own and reads those of the others, so nothing needs a lock,
    which network file systems may break. Two processes that do the same shard at the same time
    write the same bytes under the same names; the file that says that the shard is complete comes
    last, and names the journal that describes it. Tables are made by `merge_shards`.

    Args:
        output_dir: the run's folder, with a plan.
        identity: must be that of all other shards.
        shard: as ``K/N``.
        stop: returns whether the run is to end before the next file.
        orders: of a supervisor, see `Orders`.
        whole_files: see `RunJournal`.
    """

    def __init__(
        self,
        output_dir: str | Path,
        identity: RunIdentity,
        shard: str,
        stop: FinishFile,
        *,
        orders: str = "",
        whole_files: bool = False,
    ) -> None:
        super().__init__(output_dir, identity, whole_files=whole_files)
        self.shard = Shard.parse(shard)
        self._place = ShardFolder(self.folder)
        self._stop = stop
        self._orders = Orders.parse(orders)
        folder = self._place.of(self.shard.number)
        self._lines = JournalFile(folder / f"{name_process()}-{next(_NUMBERS)}{SUFFIX}")
        self._attempts = Attempts(folder, self._lines.path)
        self._shared = SharedFiles(self.folder, self._lines, self._append, self._attempts)
        self.files = self._shared
        self._is_packed = self._place.packed(self.shard.number).exists()
        self._started = datetime.now(timezone.utc)

    @property
    def is_stopped(self) -> bool:  # type: ignore[override]
        """Whether the scheduler wants an end."""
        return self._stop.is_wanted

    def start(self, writers: Sequence[Writer] = ()) -> None:
        """Take over what other processes have done.

        Raises:
            ConfigError: the other shards were done by other settings, weights or versions.
            WriteError: a journal cannot be read or written.
        """
        RunRecord.of(self._identity, writers).agree(self._place)
        if self._is_packed:  # and `list_shard` gives no files to be done
            return
        entries = list(self._attempts.collect())
        self._contents.adopts = self._attempts.adopts
        self._lines.replace(chain([self._describe_settings()], entries))
        if not read_journal(self._lines, self._contents, self.files):
            msg = f"expected the journal {self._lines.path} as it was just written: run again"
            raise WriteError(msg)
        self._take_over()

    def leaves_out(self, file: str) -> bool:
        """Return whether a file is not the one that is to be tried alone."""
        return self._orders.only not in ("", file)

    def visit(self, file: str) -> None:
        """Note that a file is going to be opened, should the process end in the course of it.

        Args:
            file: relative to the input folder, with forward slashes.

        Raises:
            ReadError: processes have ended of it.
        """
        if file in self._orders.killers:
            msg = (
                f"expected to be processed, its process was ended twice "
                f"({self._orders.killers[file]}), as happens where memory is short"
            )
            raise ReadError(msg)
        self._append({"at": file})

    def keep_only(self, files: Collection[str]) -> None:
        """Remove the results of inputs that are gone, see `RunJournal.keep_only`."""
        gone = [file for file in self._contents.inputs if file not in files]
        super().keep_only(files)
        for file in gone:
            self._shared.sweep(file)

    def complete(self, file: str) -> None:
        """Note that all that belongs to a file is in place, and nothing else.

        Args:
            file: path relative to the input folder.

        Raises:
            WriteError: the journal cannot be written, or an outdated file cannot be removed.
        """
        self._shared.sweep(file)
        super().complete(file)

    def finish(self, writers: Sequence[Writer] = ()) -> None:
        """Say that the shard is complete, if it is.

        Args:
            writers: get nothing: the run is not at its end.

        Raises:
            ConfigError: the plan is gone.
            WriteError: a file cannot be written.
        """
        if self._orders.only:
            return
        if self._is_packed:
            archive = self._place.packed(self.shard.number)
            logger.info("shard %s: nothing to do, %s has its results", self.shard, archive)
            done = ShardDone.read(self._place, self.shard.number)
            self.failed = done.images["failed"] if done else 0
            return
        if self.is_stopped:
            logger.warning("shard %s: stopped, it goes on when it is started again", self.shard)
            return
        plan = ShardPlan.read(self._place)
        if plan is None:
            msg = f"expected the plan in {self._place.path} to stay, it was removed: plan again"
            raise ConfigError(msg)
        counts = self._contents.count()
        images = ", ".join(f"{count} {status}" for status, count in counts.items())
        done = ShardDone.read(self._place, self.shard.number)
        digest = plan.lists[self.shard.number]
        if not self._is_changing and done is not None and done.list == digest:
            self._lines.path.unlink(missing_ok=True)
            logger.info("shard %s: nothing to do, all is done already: %s", self.shard, images)
            return
        entries = self._contents.list_entries(self._lines.read_at, self.files.entries)
        self._contents.adopts = False
        process = {"process": name_process()}
        self._lines.replace(chain([self._describe_settings(), process], entries), sync=True)
        ShardDone(
            list=digest,
            journal=self._lines.path.name,
            fingerprint=self._identity.fingerprint,
            images=counts,
            started=self._started.isoformat(timespec="seconds"),
            ended=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        ).write(self._place, self.shard.number)
        logger.info("shard %s: %s", self.shard, images)

    def exit(self) -> None:
        """End the process with 143 if the run was stopped, with 2 if any file failed.

        Raises:
            SystemExit: either is so.
        """
        if self.is_stopped:
            raise SystemExit(EXIT_CODE)
        if self.failed:  # a shard may well have nothing but files that are no images
            raise SystemExit(FAILED_EXIT_CODE)

    def _change(self) -> None:
        """Before anything changes: say who is at work, and that the shard is not complete."""
        if self._is_changing:
            return
        if self._is_packed:
            msg = (
                f"expected shard {self.shard} to stay, another process has packed it: run it again"
            )
            raise ConfigError(msg)
        self._is_changing = True
        unmerge(self._place)
        self._place.done(self.shard.number).unlink(missing_ok=True)
        self._lines.append({"process": name_process()})
