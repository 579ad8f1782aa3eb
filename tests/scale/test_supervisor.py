"""Who does which task, by workers that answer what they are told."""

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.shards.supervisor import Supervisor

DONE: dict[str, Any] = {"code": 0, "error": ""}


class ScriptedWorker:
    """Answers by a function of the shard and the one file that is to be done."""

    def __init__(self, company: "Company", number: int) -> None:
        self.company, self.mark = company, f"-{number}-"
        self.task: tuple[int, str] = 0, ""

    def ask(self, task: Mapping[str, Any]) -> None:
        only = json.loads(task["orders"])["only"]
        self.task = int(task["shard"].partition("/")[0]), only
        self.company.asked.append((self.mark, *self.task))

    def wait(self) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = self.company.answer(self)
        return answer

    def describe_end(self) -> str:
        return "signal 9, SIGKILL"

    def ask_to_end(self) -> None:
        pass

    def stop(self) -> None:
        self.company.stopped.add(self.mark)
        self.company.is_stopped.set()


class Company:
    """All workers of a run over two shards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, int, str]] = []
        self.stopped: set[str] = set()
        self.is_stopped = threading.Event()
        self.reported: list[int] = []
        self._count = 0

    def start(self) -> ScriptedWorker:
        self._count += 1
        return ScriptedWorker(self, self._count)

    def run(self, workers: int) -> None:
        Supervisor(self.folder, [0, 1], 2, self.start, self.reported.append).run(workers)

    def answer(self, worker: ScriptedWorker) -> dict[str, Any] | None:
        raise NotImplementedError


def test_process_without_a_task_leaves_its_place_to_others(tmp_path: Path) -> None:
    class Waits(Company):
        def answer(self, worker: ScriptedWorker) -> dict[str, Any] | None:
            if worker.task[0] == 0:
                assert self.is_stopped.wait(30)
                assert self.stopped == {"-2-"}
            return DONE

    company = Waits(tmp_path)
    company.run(2)
    assert company.reported == [1, 0]
    assert company.stopped == {"-1-", "-2-"}


def test_process_that_is_there_is_preferred_to_a_new_one(tmp_path: Path) -> None:
    """The first one ends in shard 1, the second one goes on with its files and with the rest."""
    shard = tmp_path / "shards" / "00001"
    shard.mkdir(parents=True)
    lines = [{"at": "a"}, {"at": "b"}]
    (shard / "host-2-0.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    class Dies(Company):
        def answer(self, worker: ScriptedWorker) -> dict[str, Any] | None:
            if worker.task[0] == 0 and worker.mark == "-1-":
                while len(self.asked) < 3:  # the successor of the second one is at work
                    time.sleep(0.005)
            if worker.mark == "-3-" and worker.task[1] == "a":
                assert self.is_stopped.wait(30)
                while "-1-" not in self.stopped:
                    time.sleep(0.005)
            return None if worker.mark == "-2-" else DONE

    company = Dies(tmp_path)
    company.run(2)
    assert company.asked == [
        *[("-1-", 0, ""), ("-2-", 1, "")],
        *[("-3-", 1, "a"), ("-3-", 1, "b"), ("-3-", 1, "")],
    ]
    assert company.reported == [0, 1]
