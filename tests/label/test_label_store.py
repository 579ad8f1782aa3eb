"""Labels of a still and of a cine of four frames."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.label.label_errors import RequestError, UnknownImageError
from pipeline.label.label_store import LabelStore
from pipeline.label.study_image import StudyImage

STILL = StudyImage("a/x.dcm", "x", 1, 4, 6)
CINE = StudyImage("c.dcm", "c", 4, 4, 6, (2,))
MASK = np.zeros((4, 6), bool)
MASK[0, 3:] = True


@pytest.fixture
def store(tmp_path: Path) -> LabelStore:
    return LabelStore(tmp_path)


def test_label_of_a_still_is_named_like_its_image(store):
    store.save(STILL, 1, MASK)
    path = store.folder / "final" / "a" / "x.dcm.png"
    assert np.array_equal(np.asarray(Image.open(path)), np.where(MASK, 255, 0))


def test_labels_of_a_cine_are_apart(store):
    store.save(CINE, 2, MASK)
    store.save(CINE, 4, ~MASK)
    assert (store.folder / "final" / "c.dcm" / "0002.png").is_file()
    assert store.frames(CINE) == [2, 4]
    assert np.array_equal(store.load(CINE, 4), ~MASK)
    assert store.load(CINE, 1) is None


def test_predictions_do_not_count_as_labels(store):
    store.save(STILL, 1, MASK, tag="original")
    assert store.frames(STILL) == []
    assert store.frames(STILL, "original") == [1]


def test_images_with_similar_names_do_not_share_labels(store):
    store.save(StudyImage("x.png", "x", 1, 4, 6), 1, MASK)
    assert store.load(StudyImage("x", "x", 1, 4, 6), 1) is None


def test_info_is_kept_and_added_to(store):
    store.save(STILL, 1, MASK, info={"by": "me"})
    store.update_info(STILL, 1, "final", {"sure": True})
    assert store.read_info(STILL, 1, "final") == {"by": "me", "sure": True}


def test_info_without_label_is_refused(store):
    with pytest.raises(UnknownImageError, match="saved before"):
        store.update_info(STILL, 1, "final", {})


def test_removed_label_is_gone(store):
    store.save(STILL, 1, MASK)
    store.remove(STILL, 1, "final")
    assert store.frames(STILL) == []
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("tag", ["", "..", "../final", "Final"])
def test_other_tags_are_refused(store, tag):
    with pytest.raises(RequestError, match="expected a tag"):
        store.path(STILL, 1, tag)


@pytest.mark.parametrize("number", [0, 5, -1])
def test_frames_that_there_are_not_are_refused(store, number):
    with pytest.raises(UnknownImageError, match="from 1 to 4"):
        store.path(CINE, number, "final")
