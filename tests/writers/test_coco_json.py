"""Outlines in the format of COCO; images are 12 x 20."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from skimage.draw import polygon2mask

from pipeline.journal import RunIdentity, RunJournal
from pipeline.lesions.lesion import find_lesions
from pipeline.results.finished_run import ImageRecord
from pipeline.results.result_row import ResultRow
from pipeline.writers import CocoJson

EMPTY = np.zeros((12, 20), bool)
RECTANGLE = EMPTY.copy()
RECTANGLE[2:6, 3:10] = True
TWO = RECTANGLE.copy()
TWO[8:11, 14:16] = True


def make_record(file: str, mask: np.ndarray, frame: int | None = None) -> ImageRecord:
    lesions = find_lesions(mask, np.full(mask.shape, 0.75, np.float32))
    row = ResultRow(file, frame, "ok" if lesions else "no_lesion")
    return ImageRecord.make(row, mask.shape, lesions)


def write(output: Path, records: Iterable[ImageRecord | ResultRow]) -> dict:
    """Write by way of the journal, as a run does."""
    journal = RunJournal(output, RunIdentity({}))
    for record in records:
        journal.add(record)
    journal.finish([CocoJson(output)])
    return json.loads((output / "coco.json").read_text(encoding="ascii"))


def rasterise(annotation: dict, shape: tuple[int, int]) -> np.ndarray:
    """Fill a polygon by the centres of pixels, which are half a pixel off their corners."""
    (polygon,) = annotation["segmentation"]
    corners = np.reshape(polygon, (-1, 2))[:, ::-1] - 0.5
    return polygon2mask(shape, corners)


def test_polygon_of_a_rectangle_reaches_to_the_corners_of_pixels(tmp_path: Path) -> None:
    (annotation,) = write(tmp_path, [make_record("x.png", RECTANGLE)])["annotations"]
    (polygon,) = annotation["segmentation"]
    across, down = np.reshape(polygon, (-1, 2)).T
    assert (across.min(), across.max()) == (3, 10)
    assert (down.min(), down.max()) == (2, 6)
    # The longest side runs along the edge of the pixels, but for half a pixel at both ends.
    assert sorted(across[down == 2]) == [3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]


def test_polygon_covers_the_area_but_for_its_corners(tmp_path: Path) -> None:
    (annotation,) = write(tmp_path, [make_record("x.png", RECTANGLE)])["annotations"]
    across, down = np.reshape(annotation["segmentation"], (-1, 2)).T
    area = abs(across @ np.roll(down, 1) - down @ np.roll(across, 1)) / 2
    assert area == 4 * 7 - 4 / 8


def test_box_and_area(tmp_path: Path) -> None:
    (annotation,) = write(tmp_path, [make_record("x.png", RECTANGLE)])["annotations"]
    assert annotation["bbox"] == [3, 2, 7, 4]
    assert annotation["area"] == 28
    assert (annotation["iscrowd"], annotation["category_id"]) == (0, 1)
    assert annotation["score"] == 0.75


@pytest.mark.parametrize("seed", range(5))
def test_polygons_give_the_mask_back(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((40, 60), bool)
    rows, columns = np.ogrid[:40, :60]
    for _ in range(6):
        row, column, radius = rng.uniform(0, 40), rng.uniform(0, 60), rng.uniform(2, 9)
        mask |= np.hypot((rows - row) * 1.3, columns - column) < radius
    annotations = write(tmp_path, [make_record("x.png", mask)])["annotations"]
    found = np.any([rasterise(annotation, mask.shape) for annotation in annotations], axis=0)
    assert np.array_equal(found, mask)
    assert sum(annotation["area"] for annotation in annotations) == mask.sum()


def test_images_and_their_lesions(tmp_path: Path) -> None:
    frames = [make_record("c.dcm", EMPTY, 1), make_record("c.dcm", RECTANGLE, 2)]
    content = write(tmp_path, [make_record("b.png", TWO), *frames, make_record("a.png", EMPTY)])
    size = {"width": 20, "height": 12}
    assert content["images"] == [
        {"id": 1, "file_name": "a.png", **size},
        {"id": 2, "file_name": "b.png", **size},
        {"id": 3, "file_name": "c.dcm", **size, "frame": 1},
        {"id": 4, "file_name": "c.dcm", **size, "frame": 2},
    ]
    ids = [(item["id"], item["image_id"]) for item in content["annotations"]]
    assert ids == [(1, 2), (2, 2), (3, 4)]
    assert content["categories"] == [{"id": 1, "name": "lesion", "supercategory": "breast"}]
    assert "Research use only" in content["info"]["description"]


def test_files_without_a_result_are_left_out(tmp_path: Path) -> None:
    rows = [ResultRow("a", None, "skipped", "no image"), ResultRow("b", None, "failed", "broken")]
    content = write(tmp_path, [*rows, make_record("c.png", RECTANGLE)])
    assert [image["file_name"] for image in content["images"]] == ["c.png"]


def test_no_image_at_all(tmp_path: Path) -> None:
    content = write(tmp_path, [])
    assert (content["images"], content["annotations"]) == ([], [])


def test_odd_names(tmp_path: Path) -> None:
    names = ['"quoted"\n.png', "ä.png", "caf\udce9.png"]
    content = write(tmp_path, [make_record(name, EMPTY) for name in names])
    assert [image["file_name"] for image in content["images"]] == sorted(names)
