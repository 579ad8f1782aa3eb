"""The table of lesions, by way of the journal as in a run."""

import csv
from pathlib import Path

import numpy as np

from pipeline.journal import RunIdentity, RunJournal
from pipeline.lesions.lesion import find_lesions
from pipeline.lesions.lesion_table import LESION_COLUMNS
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.finished_run import ImageRecord
from pipeline.results.result_row import ResultRow
from pipeline.writers import LesionsTable

MASK = np.zeros((12, 20), bool)
MASK[2:6, 3:10] = True
MASK[8:11, 14:16] = True
MM_COLUMNS = {name for name in LESION_COLUMNS if "mm" in name}


def make_record(
    file: str,
    *,
    mask: np.ndarray = MASK,
    mm: tuple[float, float] | None = None,
    frame: int | None = None,
) -> ImageRecord:
    region = CalibratedRegion((0, 0, *mask.shape), mm, RegionOrigin.GIVEN)
    lesions = find_lesions(mask, np.full(mask.shape, 0.75, np.float32), regions=[region])
    return ImageRecord.make(ResultRow(file, frame, "ok"), mask.shape, lesions)


def write(output: Path, *records: ImageRecord | ResultRow) -> list[dict[str, str]]:
    journal = RunJournal(output, RunIdentity({}))
    for record in records:
        journal.add(record)
    journal.finish([LesionsTable(output)])
    with (output / "lesions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_columns(tmp_path: Path) -> None:
    write(tmp_path)
    assert (tmp_path / "lesions.csv").read_text() == ",".join(LESION_COLUMNS) + "\n"


def test_a_row_for_each_lesion_sorted_by_file_and_frame(tmp_path: Path) -> None:
    frames = [make_record("b.dcm", frame=frame) for frame in (10, 9)]
    rows = write(tmp_path, make_record("c.png"), *frames, make_record("a.png"))
    assert [(row["file"], row["frame"], row["lesion"]) for row in rows] == [
        *[("a.png", "", "1"), ("a.png", "", "2")],
        *[("b.dcm", "9", "1"), ("b.dcm", "9", "2"), ("b.dcm", "10", "1"), ("b.dcm", "10", "2")],
        *[("c.png", "", "1"), ("c.png", "", "2")],
    ]


def test_cells_in_mm_are_empty_without_calibration(tmp_path: Path) -> None:
    row = write(tmp_path, make_record("x.png"))[0]
    assert len(MM_COLUMNS) == 8
    empty = {name for name, cell in row.items() if cell == ""}
    assert empty == MM_COLUMNS | {"frame", "malignancy"}


def test_cells_in_mm(tmp_path: Path) -> None:
    row = write(tmp_path, make_record("x.png", mm=(0.1, 0.25)))[0]
    # Rows 2 to 5, columns 3 to 9.
    assert (row["depth_mm"], row["width_mm"], row["area_mm2"]) == ("0.40", "1.75", "0.70")
    assert (row["top_distance_mm"], row["depth_width_ratio"]) == ("0.20", "0.2286")
    assert (row["mm_per_pixel_y"], row["mm_per_pixel_x"]) == ("0.1", "0.25")


def test_others_have_no_row(tmp_path: Path) -> None:
    rows = [ResultRow("a", None, "skipped", "no image"), ResultRow("b", None, "failed", "broken")]
    assert write(tmp_path, *rows, make_record("c", mask=np.zeros_like(MASK))) == []


def test_name_that_needs_quotes(tmp_path: Path) -> None:
    name = 'a "b", c\n.png'
    shown = r'a "b", c\n.png'
    assert {row["file"] for row in write(tmp_path, make_record(name))} == {shown}


def test_name_that_is_a_formula(tmp_path: Path) -> None:
    rows = write(tmp_path, make_record("=1+1.png"))
    assert {row["file"] for row in rows} == {"'=1+1.png"}


def test_name_that_is_no_utf_8(tmp_path: Path) -> None:
    rows = write(tmp_path, make_record("caf\udce9.png"))
    assert {row["file"] for row in rows} == {"caf\\udce9.png"}
