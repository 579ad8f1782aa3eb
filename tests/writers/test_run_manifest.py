"""What ``run.json`` tells, and what it must not."""

import json
import platform
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import pydicom
import pytest

from pipeline import RESEARCH_ONLY, __version__
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.journal import RunIdentity, RunJournal
from pipeline.results.result_row import ResultRow
from pipeline.writers import RunManifest

MODEL = ModelIdentity("a_model", "1.2.3", "ab" * 32)
ROWS = [
    ResultRow("a", None, "ok"),
    ResultRow("b", None, "no_lesion"),
    ResultRow("c", 1, "ok"),
    ResultRow("c", 2, "failed", "broken"),
    ResultRow("d", None, "skipped", "no image"),
]


def write(output: Path, settings: dict | None = None, rows: Sequence[ResultRow] = ROWS) -> dict:
    journal = RunJournal(output, RunIdentity(settings or {}))
    for row in rows:
        journal.add(row)
    journal.finish([RunManifest(output, MODEL, "openvino")])
    return json.loads((output / "run.json").read_text(encoding="ascii"))


def test_model_and_notice(tmp_path: Path) -> None:
    content = write(tmp_path)
    assert content["notice"] == RESEARCH_ONLY
    assert (content["model"], content["model_version"]) == ("a_model", "1.2.3")
    assert content["weights_sha256"] == "ab" * 32
    assert content["backend"] == "openvino"


def test_counts_of_images(tmp_path: Path) -> None:
    assert write(tmp_path)["images"] == {"ok": 2, "no_lesion": 1, "skipped": 1, "failed": 1}


def test_run_without_any_image(tmp_path: Path) -> None:
    counts = {"ok": 0, "no_lesion": 0, "skipped": 0, "failed": 0}
    assert write(tmp_path, rows=[])["images"] == counts


def test_settings(tmp_path: Path) -> None:
    settings = {"threshold": 0.5, "image_size": [256, 256], "flip": True, "network": "$@a.to(@b)"}
    content = write(tmp_path / "out", settings)
    assert content["settings"] == {
        "threshold": "0.5",
        "image_size": "[256, 256]",
        "flip": "True",
    }


def test_other_settings_have_another_hash(tmp_path: Path) -> None:
    hashes = [write(tmp_path / str(t), {"t": t})["settings_sha256"] for t in (1, 2)]
    assert hashes[0] != hashes[1]


def test_software(tmp_path: Path) -> None:
    software = write(tmp_path)["software"]
    assert software["breast-us-seg"] == __version__
    assert software["python"] == platform.python_version()
    assert software["pydicom"] == pydicom.__version__


def test_package_without_metadata_does_not_cost_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("pipeline.writers.run_manifest.version", fail)
    assert write(tmp_path)["software"]["torch"] == "unknown"


def test_times(tmp_path: Path) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    content = write(tmp_path)
    started, ended = (datetime.fromisoformat(content[name]) for name in ("started", "ended"))
    assert before <= started <= ended <= datetime.now(timezone.utc)
    assert 0 <= content["seconds"] < 60


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("infer in/DOE^JANE out", "run infer PATH PATH"),
        ("infer DOE^JANE /data/out --set flip=false", "run infer PATH PATH --set flip=false"),
        ("infer . out --set ckpt=/data/DOE.pt", "run infer PATH PATH --set ckpt=PATH"),
        ("run --dataset_dir=/data/DOE --flip", "run run --dataset_dir=PATH --flip"),
    ],
)
def test_command_names_no_path(
    words: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DOE^JANE", "out"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "argv", ["/opt/bin/run", *words.split()])
    assert write(tmp_path / "out")["command"] == expected


def test_folder_of_the_images_is_not_told(tmp_path: Path) -> None:
    source = tmp_path / "DOE^JANE"
    source.mkdir()
    write(tmp_path / "out", {"dataset_dir": str(source), "flip": True})
    text = (tmp_path / "out" / "run.json").read_text()
    assert "DOE" not in text
    assert str(tmp_path) not in text
