"""What is kept of an image until the end of a run."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from pipeline.lesions.lesion import find_lesions
from pipeline.lesions.lesion_table import LESION_COLUMNS, format_lesion
from pipeline.results.finished_run import ImageRecord
from pipeline.results.result_row import ResultRow

ROW = ResultRow("a/x.png", 2, "ok", lesions=2)
MASK = np.zeros((12, 20), bool)
MASK[2:6, 3:10] = True
MASK[9, 15] = True
LESIONS = find_lesions(MASK, np.full(MASK.shape, 0.75, np.float32))
RECORD = ImageRecord.make(ROW, (12, 20), LESIONS)


def test_cells_of_each_lesion() -> None:
    assert [tuple(cells) for cells in RECORD.lesions] == [LESION_COLUMNS] * 2
    assert RECORD.lesions[1] == format_lesion("a/x.png", 2, LESIONS[1])


def test_contour_of_a_pixel_goes_round_its_centre() -> None:
    # The pixel is from 15 to 16 across and from 9 to 10 down.
    (contour,) = RECORD.contours[1]
    corners = {tuple(corner) for corner in np.reshape(contour, (-1, 2)).tolist()}
    assert corners == {(15.0, 9.5), (15.5, 9.0), (16.0, 9.5), (15.5, 10.0)}
    assert len(contour) == 8  # the first corner does not come twice


def test_contour_reaches_to_the_edges_of_the_outermost_pixels() -> None:
    (contour,) = RECORD.contours[0]
    across, down = contour[0::2], contour[1::2]
    assert (min(across), max(across), min(down), max(down)) == (3, 10, 2, 6)


def test_contour_has_two_decimals() -> None:
    assert all(value == round(value, 2) for value in RECORD.contours[0][0])


def test_json_gives_it_back() -> None:
    found = json.loads(json.dumps(asdict(RECORD)))
    assert tuple(found["size"]) == RECORD.size
    assert found["lesions"] == RECORD.lesions
    assert found["contours"] == RECORD.contours
    assert ResultRow(**found["row"]) == ROW


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_image_that_was_not_processed(status) -> None:
    record = ImageRecord(ResultRow("x", None, status, "broken"))
    assert (record.size, record.lesions, record.contours) == (None, (), ())
