"""Our run.json, and what is called like it."""

import json
from pathlib import Path

import pytest

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.journal.holds_results import holds_results
from pipeline.results.finished_run import FinishedRun
from pipeline.writers.run_manifest import RunManifest


def test_manifest_of_a_run(tmp_path: Path) -> None:
    assert not holds_results(tmp_path)
    model = ModelIdentity("a_model", "1.2.3", "ab" * 32)
    RunManifest(tmp_path, model, "torch").write_run(FinishedRun(lambda: iter(()), {}, {}, ""))
    assert holds_results(tmp_path)


def test_journal_of_a_run_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "breast-us-seg.jsonl").touch()
    assert holds_results(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"5",
        b'{"software": 5, "weights_sha256": ""}',
        json.dumps({"software": ["breast-us-seg"]}).encode(),
        b" " * (1 << 21),
    ],
)
def test_foreign_run_json(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(content)
    assert not holds_results(tmp_path)


def test_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    assert not holds_results(tmp_path)
