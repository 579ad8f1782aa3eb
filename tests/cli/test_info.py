"""What `info` and `config` tell."""

import hashlib
import json
from pathlib import Path

import pytest
import torch

from pipeline import __version__
from pipeline.cli.main import main
from pipeline.settings.config_keys import list_keys

ROOT = Path(__file__).resolve().parents[2]


def read_json(capsys: pytest.CaptureFixture[str], *words: str) -> object:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_info_of_the_weights_and_of_what_computes(capsys: pytest.CaptureFixture[str]) -> None:
    found = read_json(capsys, "info")
    assert found["version"] == __version__
    digest = hashlib.sha256((ROOT / "models" / "model.pt").read_bytes()).hexdigest()
    assert found["weights"]["sha256"] == digest
    assert found["weights"]["is_sound"]
    assert found["packages"]["torch"] == torch.__version__.partition("+")[0] or (
        found["packages"]["torch"] == torch.__version__
    )
    assert "BUS-BRA" in found["licences"]["weights were trained on"]


def test_info_names_the_backend_that_a_run_takes(capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.load_segmenter import load_segmenter

    found = read_json(capsys, "info")["computing"]
    model = load_segmenter().model
    assert model.computed_by == f"{found['backend']}, {found['precision']}, {found['device']}"


def test_info_of_weights_without_an_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w.pt").write_bytes(b"weights")
    (tmp_path / "w.pt.sha256").write_text("0  w.pt\n")
    assert main(["info", "--weights", str(tmp_path / "w.pt")]) == 0
    text = capsys.readouterr().out
    assert "which is not what its .sha256 file says" in text
    assert "torch on cpu" in text
    assert "breast-us-seg export" in text


def test_info_without_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--weights", str(tmp_path / "none.pt")]) == 1
    assert "expected weights at" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "name"), [("infer", "inference"), ("train", "train"), ("evaluate", "evaluate")]
)
def test_config_tells_every_key(
    command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = read_json(capsys, "config", command)
    keys = list_keys(name)
    assert [entry["key"] for entry in entries] == list(keys)
    for entry in entries:
        key = keys[entry["key"]]
        assert (entry["meaning"], entry["expected"]) == (key.meaning, str(key.kind))
        is_computed = isinstance(entry["default"], str) and entry["default"].startswith(("$", "@"))
        assert is_computed or key.kind.accepts(entry["default"])


def test_config_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "infer"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("threshold")
    assert lines[at + 2 : at + 4] == ["    a number above 0, up to 1", "    default: 0.5"]
    assert "    default: bundle_root/models/model.pt" in lines


def test_help_of_infer_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["infer", "--help"])
    assert "breast-us-seg config infer" in " ".join(capsys.readouterr().out.split())
