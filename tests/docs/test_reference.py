"""Pages of the site that are made of the program say what it says."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.cli.main import COMMANDS, main
from pipeline.settings.config_keys import KEYS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "hooks"))
    sys.modules.pop("reference", None)
    import reference

    return reference


def test_commands_are_those_of_the_help(
    reference: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = reference.write_commands()
    heads = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    assert heads == list(COMMANDS)
    monkeypatch.setenv("COLUMNS", "88")
    with pytest.raises(SystemExit):
        main(["infer", "--help"])
    assert capsys.readouterr().out.strip() in page


def test_every_key_of_a_config_is_there(reference: ModuleType) -> None:
    page = reference.write_config_keys()
    for key in KEYS:
        assert f"| `{key.name}` | {key.meaning} |" in page
    assert "| `threshold` | border, share of the peak | a number above 0, up to 1 | `0.5` |" in page


def test_a_notebook_becomes_a_page(reference: ModuleType) -> None:
    path = ROOT / "docs" / "notebooks" / "segment.ipynb"
    page = reference.write_notebook(json.loads(path.read_text("utf-8")))
    assert page.startswith("# Segment breast ultrasound images\n")
    assert (
        "```python\nfrom breast_us_seg import Segmenter\n\nsegmenter = Segmenter.load()\n```"
        in page
    )
