"""The box around the 2D tissue regions; frames are 100 rows x 200 columns."""

import numpy as np
import pytest
from pydicom import Dataset

from pipeline.datasets.phantom_dicom import make_region
from pipeline.readers.ultrasound_region import find_region

MM = (0.1, 0.1)


def find(*items: Dataset) -> list[int] | None:
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = list(items)
    box = find_region(dataset, 100, 200)
    return None if box is None else box.tolist()


def test_corners_are_inclusive() -> None:
    assert find(make_region((20, 10, 119, 69), MM)) == [10, 20, 70, 120]


def test_no_sequence_means_unknown() -> None:
    assert find_region(Dataset(), 100, 200) is None


def test_empty_sequence_means_unknown() -> None:
    assert find() is None


def test_colour_flow_counts_as_tissue() -> None:
    assert find(make_region((20, 10, 119, 69), MM, data_type=2)) == [10, 20, 70, 120]


@pytest.mark.parametrize(("spatial_format", "data_type"), [(2, 1), (3, 3), (1, 3), (0, 0)])
def test_other_items_do_not_count(spatial_format: int, data_type: int) -> None:
    tissue = make_region((20, 10, 119, 69), MM)
    other = make_region((0, 80, 199, 99), MM, spatial_format=spatial_format, data_type=data_type)
    assert find(other, tissue) == [10, 20, 70, 120]


def test_two_halves_are_taken_together() -> None:
    left, right = make_region((5, 10, 94, 69), MM), make_region((100, 12, 189, 71), MM)
    assert find(right, left) == [10, 5, 72, 190]


def test_number_of_columns_as_last_column() -> None:
    assert find(make_region((20, 10, 200, 100), MM)) == [10, 20, 100, 200]


@pytest.mark.parametrize("box", [(20, 10, 201, 69), (20, 10, 119, 101), (250, 10, 300, 69)])
def test_item_beyond_the_frame_means_unknown(box: tuple[int, int, int, int]) -> None:
    assert find(make_region(box, MM)) is None


@pytest.mark.parametrize("box", [(20, 10, 19, 69), (100, 50, 20, 10)])
def test_empty_item_means_unknown(box: tuple[int, int, int, int]) -> None:
    assert find(make_region(box, MM)) is None


def test_icon_means_unknown() -> None:
    assert find(make_region((0, 0, 19, 19), MM)) is None


def test_box_is_of_whole_numbers() -> None:
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = [make_region((20, 10, 119, 69), MM)]
    box = find_region(dataset, 100, 200)
    assert box is not None
    assert box.dtype == np.int64
