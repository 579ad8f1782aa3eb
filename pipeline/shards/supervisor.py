"""Run all shards in several processes, any of which may die at any moment."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pipeline.errors import ConfigError
from pipeline.get_logger import get_logger
from pipeline.journal.journal_file import JournalFile
from pipeline.shards.attempts import Attempts
from pipeline.shards.orders import Orders
from pipeline.shards.shard import Shard
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.worker import Worker

logger = get_logger(__name__)

_IN_FLIGHT = 4
"""Files that a process may be at: one is read, one computed, one written, and one waits."""

_MOST_EARLY_ENDS = 3
"""So often processes may end before any file was opened."""


class Supervisor:
    """Give shards to processes, and find out which file has ended one.

    Of a process that has ended, the files that it was at are tried again, each alone; one that
    ends a process alone too becomes a ``failed`` row. The rest of the shard is done after that.

    Args:
        output_dir: the run's folder, with a plan.
        numbers: of the shards to be done.
        count: of all shards.
        start: starts a process.
        report: called for each shard that is done.
    """

    def __init__(
        self,
        output_dir: Path,
        numbers: list[int],
        count: int,
        start: Callable[[], Worker],
        report: Callable[[int], object],
    ) -> None:
        self._folder = ShardFolder(output_dir)
        self._count = count
        self._start = start
        self._report = report
        self._tasks = deque((number, "") for number in numbers)
        self._killers: dict[int, dict[str, str]] = {}
        self._early_ends: Counter[int] = Counter()
        self._workers: dict[int, Worker] = {}
        self._answers: SimpleQueue[tuple[int, dict[str, Any] | None]] = SimpleQueue()

    def run(self, workers: int) -> None:
        """Do all shards.

        Raises:
            ConfigError: a process could not run a shard at all.
        """
        at: dict[int, tuple[int, str]] = {}
        try:
            while self._tasks or at:
                # One that is there already starts at once.
                for slot in sorted(range(workers), key=lambda slot: slot not in self._workers):
                    task = None if slot in at else self._choose({each for each, _ in at.values()})
                    if task is not None:
                        at[slot] = task
                        self._begin(slot, task)
                    elif slot not in at and slot in self._workers:
                        self._workers.pop(slot).stop()  # others may wait for its place
                slot, answer = self._answers.get()
                done = at.pop(slot)
                if answer is None:
                    self._take_over(done, self._workers.pop(slot))
                elif answer["code"] not in (0, 2):
                    raise ConfigError(answer["error"])
                elif not done[1]:
                    self._report(done[0])
        finally:
            for worker in self._workers.values():
                worker.ask_to_end()
            for worker in self._workers.values():
                worker.stop()

    def _choose(self, busy: set[int]) -> tuple[int, str] | None:
        """Take the first task of a shard that no process is at, as its tasks follow each other."""
        task = next((task for task in self._tasks if task[0] not in busy), None)
        if task is not None:
            self._tasks.remove(task)
        return task

    def _begin(self, slot: int, task: tuple[int, str]) -> None:
        number, only = task
        worker = self._workers.get(slot)
        if worker is None:
            worker = self._workers[slot] = self._start()
        orders = Orders(only, self._killers.get(number, {})).encode()
        worker.ask({"shard": str(Shard(number, self._count)), "orders": orders})
        threading.Thread(
            target=lambda: self._answers.put((slot, worker.wait())), daemon=True
        ).start()

    def _take_over(self, task: tuple[int, str], worker: Worker) -> None:
        number, only = task
        how = worker.describe_end()
        mark = worker.mark
        worker.stop()
        files = self._find_open_files(number, mark)
        logger.warning("a process has ended (%s) in shard %d", how, number)
        if only:
            if only in files:
                self._killers.setdefault(number, {})[only] = how
            return
        if not files:
            self._early_ends[number] += 1
            if self._early_ends[number] == _MOST_EARLY_ENDS:
                msg = (
                    f"expected processes to do shard {number}, {_MOST_EARLY_ENDS} of them have "
                    f"ended ({how}) before they opened a file: take fewer --workers"
                )
                raise ConfigError(msg)
        # The whole shard again comes last, when it is known which of them must not be opened.
        self._tasks.appendleft((number, ""))
        self._tasks.extendleft((number, file) for file in reversed(files))

    def _find_open_files(self, number: int, mark: str) -> list[str]:
        journals = [
            path for path in Attempts(self._folder.of(number)).list_journals() if mark in path.name
        ]
        if not journals:
            return []
        opened: dict[str, None] = {}
        for _, entry in JournalFile(journals[-1]).read():
            if "at" in entry:
                opened[entry["at"]] = None
            elif "complete" in entry:
                opened.pop(entry["complete"], None)
            elif "row" in entry and entry["row"]["status"] == "failed":
                opened.pop(entry["row"]["file"], None)
        return list(opened)[-_IN_FLIGHT:]
