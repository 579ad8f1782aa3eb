"""The tables of the rows of `accuracy.py`, on rows that are written out here."""

from pathlib import Path

import pytest
from accuracy_choices import apply_scale, fit_presence_scale
from accuracy_row import make_row
from accuracy_rows import is_left_out, list_lesion_free, read_raw_rows, read_rows
from accuracy_tables import PAGE, format_tables, summarise_left_out


def test_summary_is_of_hospitals_left_out_and_counts_silence_as_missed(table: Path) -> None:
    rows = read_rows(table)
    again = [{**row, "run": f"{row['run']}-1"} for row in rows]
    summary = summarise_left_out([*rows, *again, make_row(run="fold-0", kept=True)])
    assert summary["split"] == "hospitals left out of training: BUSI, BrEaST"
    assert summary["images"] == 240
    silent = sum(not row["kept"] for row in rows if row["lesion_px"])
    assert summary["lesion"]["missed"] == silent
    assert summary["lesion"]["dice"]["mean"] == pytest.approx(0.8 * (200 - silent) / 200)


def test_images_of_each_hospital_are_ranked_by_themselves() -> None:
    """Networks have scales of their own: a normal image of one is above a lesion of the other."""
    rows = [
        make_row(
            run=f"without-{source}",
            source=source,
            id=f"{source}/{kind}{number}",
            group=f"{source}/{kind}{number}",
            probability=low + step * (kind == "lesion"),
            kept=True,
            **({} if kind == "lesion" else {"lesion_px": 0, "pathology": "normal"}),
        )
        for source, low, step in (("busi", 0.5, 0.4), ("breast", 0.1, 0.2))
        for kind in ("lesion", "normal")
        for number in range(10)
    ]

    assert summarise_left_out(rows)["image_auc"] == 1.0
    few = [row for row in rows if row["lesion_px"] or not row["id"].endswith("9")]
    assert summarise_left_out(few)["image_auc"] is None


def test_two_seeds_are_one_line_with_the_mean_of_each_image() -> None:
    rows = [
        make_row(run=run, id=str(number), group=str(number), dice=dice, kept=True)
        for run, dice in (("without-busi", 0.7), ("without-busi-1", 0.9))
        for number in range(10)
    ]
    assert "| BUSI, 2 seeds | 10 | 0.800 (0.800 to 0.800) |" in format_tables(rows)


def test_images_of_the_axilla_are_kept_apart() -> None:
    rows = [
        make_row(id="busi/benign_199", group="1", dice=0.2, kept=True),
        make_row(id="busi/benign_001", group="2", dice=0.8, kept=True),
    ]
    page = format_tables(rows)
    assert "| BUSI without axilla | 1 | 0.800 " in page
    assert "| BUSI, axilla alone | 1 | 0.200 " in page


def test_mean_over_hospitals_gives_each_the_same_weight() -> None:
    rows = [make_row(id=str(number), kept=True, dice=0.6) for number in range(9)]
    rows.append(make_row(run="without-breast", source="breast", kept=True, dice=1.0))
    assert "| **mean over hospitals** |  | **0.800** | 0.800 |" in format_tables(rows)


def test_strata_are_by_size_and_depth_of_the_lesion() -> None:
    rows = [
        make_row(id="small", lesion_px=50, depth=0.1, dice=0.5, kept=True),
        make_row(id="large", lesion_px=5000, depth=0.6, dice=0.9, kept=False),
    ]
    page = format_tables(rows)
    lines = {line.split(" | ")[0]: line for line in page.splitlines()}
    for name in ("0% to 1% of the picture", "centre at 0% to 25% of the depth"):
        assert lines[f"| {name}"].startswith(f"| {name} | 1 | 0.500 ")
        assert lines[f"| {name}"].endswith("| 0 of 1 (0.0%) |")
    for name in ("10% to 100% of the picture", "centre at 50% to 100% of the depth"):
        assert lines[f"| {name}"].startswith(f"| {name} | 1 | 0.000 ")
        assert lines[f"| {name}"].endswith("| 1 of 1 (100.0%) |")


def test_operating_points_are_counted_for_each_hospital() -> None:
    rows = [
        make_row(id="a", probability=0.45, kept=True),
        make_row(id="b", probability=0.9, kept=True),
        make_row(id="n", probability=0.35, lesion_px=0, dice=None, iou=0, normal=True, kept=True),
    ]
    page = format_tables(rows, rows)
    assert "| 0.3 | BUSI | 0.800 | 0 of 2 (0.0%) | 0 of 2 (0.0%) | 1 of 1 (100.0%) |  |" in page
    assert "| 0.5 | BUSI | 0.400 | 1 of 2 (50.0%) | 1 of 2 (50.0%) | 0 of 1 (0.0%) |  |" in page


def test_points_that_have_a_name_say_so() -> None:
    rows = [make_row(id=str(n), probability=0.005 + n / 100, kept=True) for n in range(100)]
    page = format_tables(rows, rows)
    names = [line.split(" | ")[0] for line in page.splitlines() if " | BUSI | " in line]
    (sensitive,) = [name for name in names if name.endswith("(sensitive)")]
    assert float(sensitive.strip("| ").split()[0]) == pytest.approx(0.03, abs=0.01)
    assert any(name.endswith("(specific)") for name in names)


@pytest.mark.parametrize(("normals", "listed"), [(9, "part"), (10, "normal")])
def test_few_normal_images_do_not_speak_for_a_hospital(normals: int, listed: str) -> None:
    rows = [make_row(lesion_px=0, normal=True) for _ in range(normals)]
    rows += [make_row(lesion_px=0, part=True, list="lesion_free") for _ in range(3)]
    assert list_lesion_free(rows) == [row for row in rows if row[listed]]


def test_page_is_that_of_the_rows() -> None:
    raw = [row for row in read_raw_rows() if is_left_out(row)]
    scaled = apply_scale(raw, fit_presence_scale(raw))
    assert format_tables(read_rows(), scaled) in PAGE.read_text(encoding="utf-8")
