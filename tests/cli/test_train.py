"""What `train` says at its end; what it does is in tests/test_training.py."""

import argparse
import json
from pathlib import Path

import pytest

from pipeline.cli.train import _tell_what_next


@pytest.mark.parametrize(
    ("test", "validation", "said"),
    [
        ([{}], [{}], "eval --weights runs/model.pt\n"),
        ([], [{}], "eval --weights runs/model.pt --split validation\n"),
        ([], [], None),
    ],
)
def test_score_is_asked_for_where_there_are_images_for_it(
    test: list[object],
    validation: list[object],
    said: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lists = {"training": [{}], "test": test, "validation": validation}
    (tmp_path / "datalist.json").write_text(json.dumps(lists))
    _tell_what_next(argparse.Namespace(data=tmp_path, output=Path("runs")))
    output = "".join(capsys.readouterr())
    assert "segment with it: breast-us-seg infer" in output
    assert said in output if said else "score it" not in output
