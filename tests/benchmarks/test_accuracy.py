"""Runs of two recipes must not get into one table under one name."""

from pathlib import Path

import pytest
from accuracy import check_recipe
from accuracy_rows import RECIPES


def test_new_folder_is_of_the_present_recipe_and_may_go_on(tmp_path: Path) -> None:
    for _ in range(2):
        check_recipe(tmp_path / "work")
    assert (tmp_path / "work" / "recipe").read_text() == f"{RECIPES[-1]}\n"


@pytest.mark.parametrize("found", [RECIPES[0], None])
def test_folder_of_another_or_no_recipe_is_refused(tmp_path: Path, found: str | None) -> None:
    if found:
        (tmp_path / "recipe").write_text(f"{found}\n")
    with pytest.raises(SystemExit, match="use a new folder"):
        check_recipe(tmp_path)
