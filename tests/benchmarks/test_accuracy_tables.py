"""The tables of the rows of a cross-validation, on rows that are written out here."""

from pathlib import Path

import pytest
from accuracy_row import make_row
from accuracy_rows import drop_older, read_raw_rows, read_rows
from accuracy_tables import PAGE, format_older, format_tables, summarise_folds


def test_summary_counts_what_the_point_discards_as_missed(table: Path) -> None:
    summary = summarise_folds(read_rows(table))
    assert summary["split"] == "cross-validation, 2 of 5 folds"
    assert summary["images"] == 82
    assert summary["lesion"]["missed"] == 1
    assert summary["lesion"]["dice"]["mean"] == pytest.approx(0.8 * 79 / 80)
    assert summary["normal"]["with_false_lesion"] == 1


def test_summary_is_of_the_present_recipe_alone(table: Path) -> None:
    rows = read_rows(table)
    newer = [{**row, "recipe": "16 epochs"} for row in rows if row["run"] == "fold-1"]
    assert summarise_folds([*rows, *newer])["split"] == "cross-validation, 1 of 5 folds"
    assert summarise_folds([*rows, *newer])["images"] == 41


def test_an_older_recipe_has_its_scores_and_is_compared_with_the_newest() -> None:
    run = {"run": "without-busi", "kept": True}
    old = [make_row(**run, id=str(number), group=str(number), dice=0.7) for number in range(10)]
    new = [{**row, "recipe": "16 epochs", "dice": 0.9, "malignancy": 0.1} for row in old]
    rows = [make_row(source=source, kept=True) for source in ("busi", "busbra")] + old + new
    older = format_older(rows)
    assert (
        "| without-busi | 0.900 (16 epochs) | 0.700 (8 epochs) | 0.200 (0.200 to 0.200) |" in older
    )
    assert "| BUS-BRA only, 8 epochs | BUSI | 10 | 0.700 (0.700 to 0.700) |" in older
    assert "| BUS-BRA only, 16 epochs" not in older
    page = format_tables(drop_older(rows), drop_older(rows))
    assert "| BUS-BRA only, 16 epochs | BUSI | 10 | 0.900 (0.900 to 0.900) |" in page
    assert "| the other one | BUSI | 0 | 10 |  | 0 of 10 (0.0%) |" in page
    assert "8 epochs | BUSI | 10" not in page


def test_one_recipe_alone_has_nothing_to_be_compared_with() -> None:
    assert format_older([make_row(kept=True)]) == ""


def test_page_is_that_of_the_rows() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows, raw = read_rows(), read_raw_rows()
    assert format_tables(drop_older(rows), drop_older(raw)) in page
    assert format_older(rows) in page
