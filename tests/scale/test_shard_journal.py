"""Several processes over one shard, step by step, and what is merged of it.

A "process" is a journal here; each image's only result is a text.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError, WriteError
from pipeline.file_stamp import FileStamp
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.journal import RunIdentity, RunJournal
from pipeline.results.result_row import ResultRow
from pipeline.results.writer import Writer
from pipeline.shards.finish_file import FinishFile
from pipeline.shards.make_plan import make_plan
from pipeline.shards.merge_shards import merge_shards
from pipeline.shards.shard_journal import ShardJournal
from pipeline.shards.shard_status import ShardStatus
from pipeline.writers.run_manifest import RunManifest

MODEL = ModelIdentity("model", "1", "0" * 64)
FILES = ("a", "b", "c")


class WriteText(Writer):
    """Writes a text for each image."""

    suffix = ".txt"

    def __init__(self, folder: Path) -> None:
        self.root = folder / "texts"


class Process:
    """Does a shard as `ResultsWriter` does."""

    def __init__(self, output: Path, *, identity: RunIdentity | None = None) -> None:
        self.source, self.output = output.parent / "in", output
        self.text = WriteText(output)
        self.writers = [self.text, RunManifest(output, MODEL, "torch")]
        self.stop = FinishFile()
        self.journal = ShardJournal(output, identity or RunIdentity({}), "0/1", self.stop)
        self.journal.start(self.writers)
        self.journal.keep_only({path.name for path in self.source.iterdir()})

    def begin(self, file: str) -> Path:
        path = self.source / file
        self.journal.begin(file, FileStamp.of(path).hash(path))
        target = self.text.locate(file, None)
        self.journal.files.claim(file, [target])
        target.parent.mkdir(exist_ok=True)
        target.write_text(path.read_text())
        return target

    def end(self, file: str) -> None:
        self.journal.add(ResultRow(file, None, "no_lesion", lesions=0))
        self.journal.complete(file)

    def fail(self, file: str) -> None:
        self.journal.files.discard(file, [self.text.locate(file, None)])
        self.journal.add(ResultRow(file, None, "failed", "broken"))
        self.journal.complete(file)

    def do_rest(self) -> list[str]:
        done = []
        for path in sorted(self.source.iterdir()):
            if not self.journal.keeps(path.name, path):
                self.begin(path.name)
                self.end(path.name)
                done.append(path.name)
        self.journal.finish(self.writers)
        return done


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for name in FILES:
        (tmp_path / "in" / name).write_text(name)
    make_plan(tmp_path / "in", tmp_path / "out", 1)
    return tmp_path / "out"


def list_texts(output: Path) -> list[str]:
    return sorted(path.read_text() for path in (output / "texts").iterdir())


def test_killed_process_is_followed_by_one_that_does_the_rest(output: Path) -> None:
    first = Process(output)
    first.begin("a")
    first.end("a")
    first.begin("b")
    journal = first.journal._lines.path.read_bytes()
    assert ShardStatus.read(output).missing == [0]
    assert Process(output).do_rest() == ["b", "c"]
    assert first.journal._lines.path.read_bytes() == journal
    assert ShardStatus.read(output).missing == []
    assert merge_shards(output).counts["no_lesion"] == 3
    assert list_texts(output) == list(FILES)


def test_line_that_was_cut_off_costs_one_file(output: Path) -> None:
    first = Process(output)
    for file in ("a", "b"):
        first.begin(file)
        first.end(file)
    path = first.journal._lines.path
    path.write_bytes(path.read_bytes()[:-5])
    assert Process(output).do_rest() == ["b", "c"]


def test_damaged_journal_costs_its_files_and_no_others(output: Path) -> None:
    first = Process(output)
    first.begin("a")
    first.end("a")
    second = Process(output)
    second.begin("b")
    second.end("b")
    path = second.journal._lines.path
    path.write_bytes(b"\0garbage\n" + path.read_bytes())
    assert Process(output).do_rest() == ["b", "c"]
    assert list_texts(output) == list(FILES)


def test_two_processes_at_once_do_no_harm(output: Path) -> None:
    one, other = Process(output), Process(output)
    for file in FILES:
        one.begin(file)
        other.begin(file)
        one.end(file)
        other.end(file)
    one.journal.finish(one.writers)
    other.journal.finish(other.writers)
    assert merge_shards(output).counts["no_lesion"] == 3
    assert list_texts(output) == list(FILES)


def test_process_that_starts_late_removes_nothing(output: Path) -> None:
    one = Process(output)
    target = one.begin("a")
    other = Process(output)
    assert target.exists()
    one.end("a")
    other.begin("a")
    assert target.exists()
    other.begin("a")  # and is killed
    assert one.do_rest() == ["b", "c"]
    assert merge_shards(output).counts["no_lesion"] == 3
    assert list_texts(output) == list(FILES)


def test_failure_beside_a_process_that_succeeds_removes_nothing(output: Path) -> None:
    one, other = Process(output), Process(output)
    target = one.begin("a")
    one.end("a")
    other.begin("a")
    other.fail("a")
    assert target.exists()
    assert one.do_rest() == ["b", "c"]
    assert merge_shards(output).counts == {"ok": 0, "no_lesion": 3, "skipped": 0, "failed": 0}


def test_what_two_processes_have_left_of_a_failure_is_removed(output: Path) -> None:
    one, other = Process(output), Process(output)
    target = one.begin("a")
    other.begin("a")
    one.fail("a")
    other.fail("a")
    one.journal.keeps("a", output)
    for file in ("b", "c"):
        one.begin(file)
        one.end(file)
    one.journal.finish(one.writers)
    (target.parent / f".{other.journal._lines.path.name.rsplit('-', 1)[0]}.7.tmp").touch()
    assert merge_shards(output).counts["failed"] == 1
    assert list_texts(output) == ["b", "c"]
    assert ShardStatus.read(output).failed == [0]
    assert not target.exists()


def test_failed_file_is_tried_again(output: Path) -> None:
    one = Process(output)
    one.begin("a")
    one.fail("a")
    assert one.journal.failed == 1
    again = Process(output)
    assert again.do_rest() == list(FILES)
    assert merge_shards(output).counts["failed"] == 0


def test_file_of_somebody_else_stays(output: Path) -> None:
    (output / "texts").mkdir()
    (output / "texts" / "b.txt").write_text("mine")
    process = Process(output)
    process.begin("a")
    with pytest.raises(WriteError, match=r"expected no texts/b\.txt yet"):
        process.begin("b")
    assert (output / "texts" / "b.txt").read_text() == "mine"


def test_change_after_the_end_takes_tables_and_completion_away(output: Path) -> None:
    Process(output).do_rest()
    merge_shards(output)
    assert (output / "results.csv").exists()
    (output.parent / "in" / "b").write_text("another")
    process = Process(output)
    assert process.journal.keeps("a", output.parent / "in" / "a")
    assert not process.journal.keeps("b", output.parent / "in" / "b")
    process.begin("b")
    assert not (output / "results.csv").exists()
    assert ShardStatus.read(output).missing == [0]
    process.end("b")
    assert process.do_rest() == []
    merge_shards(output)
    assert list_texts(output) == ["a", "another", "c"]


def test_second_run_without_a_change_leaves_nothing(output: Path) -> None:
    Process(output).do_rest()
    merge_shards(output)
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert Process(output).do_rest() == []
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before


def test_input_that_is_gone_takes_its_results_along(output: Path) -> None:
    Process(output).do_rest()
    (output.parent / "in" / "b").unlink()
    make_plan(output.parent / "in", output, 1)
    assert ShardStatus.read(output).missing == [0]
    assert Process(output).do_rest() == []
    assert merge_shards(output).counts["no_lesion"] == 2
    assert list_texts(output) == ["a", "c"]


def test_stopped_process_does_not_say_that_the_shard_is_complete(output: Path) -> None:
    process = Process(output)
    process.begin("a")
    process.end("a")
    process.stop.is_wanted = True
    process.journal.finish(process.writers)
    assert ShardStatus.read(output).missing == [0]
    with pytest.raises(SystemExit) as end:
        process.journal.exit()
    assert end.value.code == 143
    assert Process(output).do_rest() == ["b", "c"]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (RunIdentity({"threshold": 0.4}), "threshold 0.4 in place of None"),
        (RunIdentity({}, computed_by="torch, bfloat16, cpu"), "bfloat16"),
        (RunIdentity({}, version="0.0.0"), "another config"),
    ],
)
def test_other_settings_precisions_and_versions_are_refused(
    output: Path, other: RunIdentity, told: str
) -> None:
    Process(output)
    with pytest.raises(ConfigError, match=told):
        Process(output, identity=other)


def test_mixture_is_not_merged(output: Path) -> None:
    Process(output).do_rest()
    done = output / "shards" / "00000" / "done.json"
    done.write_text(json.dumps({**json.loads(done.read_text()), "fingerprint": "0"}))
    with pytest.raises(ConfigError, match="expected shard 0 to be done by the settings"):
        merge_shards(output)
    assert not (output / "results.csv").exists()


def test_shard_that_is_missing_is_not_merged(output: Path) -> None:
    process = Process(output)
    process.begin("a")
    with pytest.raises(ConfigError, match="missing: 0"):
        merge_shards(output)


def test_table_of_somebody_else_stays(output: Path) -> None:
    Process(output).do_rest()
    (output / "results.csv").write_text("mine")
    with pytest.raises(WriteError, match=r"expected no results\.csv yet"):
        merge_shards(output)
    assert (output / "results.csv").read_text() == "mine"


def test_instance_in_two_files_that_are_no_copies_is_refused(output: Path) -> None:
    process = Process(output)
    row = ResultRow("a", None, "no_lesion", lesions=0, instance="0123456789abcdef")
    for file in FILES:
        process.begin(file)
        process.journal.add(replace(row, file=file))
        process.journal.complete(file)
    process.journal.finish(process.writers)
    with pytest.raises(ConfigError, match="plan again"):
        merge_shards(output)


def test_single_run_stays_out_of_the_folder(output: Path) -> None:
    journal: Any = RunJournal(output, RunIdentity({}))
    with pytest.raises(WriteError, match="split into shards"):
        journal.start()
