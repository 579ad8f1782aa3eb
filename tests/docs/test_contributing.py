"""Paths that CONTRIBUTING.md names lead to files and folders of the repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PATHS = sorted(set(re.findall(r"`([\w.-]+/[\w./-]*)`", TEXT)))

ELSEWHERE = {"BUSBRA/", "Dataset_BUSI_with_GT/", "dicom_us/", "monai/"}
"""Parts of a folder of real images."""

MADE = {"build/site", "eval/per_image.csv"}
"""What commands write."""


@pytest.mark.parametrize("path", [path for path in PATHS if path not in ELSEWHERE | MADE])
def test_path_exists(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "pipeline" / path).exists()


@pytest.mark.parametrize(
    "task",
    [
        "change the threshold",
        "use another network",
        "add a writer",
        "add a format",
        "add a data set",
    ],
)
def test_a_task_is_found_at_a_look_in_at_most_three_places(task: str) -> None:
    (row,) = re.findall(rf"^\| {task}.* \| (.*) \|$", TEXT, flags=re.MULTILINE)
    files = {path for path in PATHS if f"`{path}`" in row and (ROOT / path).is_file()}
    assert files
    assert len(files) <= 3
