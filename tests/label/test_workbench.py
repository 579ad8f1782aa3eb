"""Three images to work on: two with a sharp rectangle, one whose lesion ends nowhere."""

from pathlib import Path

import numpy as np
import pytest

from label.tiny_bundle import LESION, SHAPE, draw_image, draw_mask, write_bundle, write_png
from pipeline.label.folder_studies import FolderStudies
from pipeline.label.label_errors import RequestError, UnknownImageError
from pipeline.label.label_store import LabelStore
from pipeline.label.sampler import Sampler
from pipeline.label.shared_segmenter import SharedSegmenter
from pipeline.label.weight_store import WeightStore
from pipeline.label.workbench import Workbench


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def workbench(bundle: Path, tmp_path: Path) -> Workbench:
    images, state = tmp_path / "images", tmp_path / "state"
    write_png(images / "sharp.png", draw_image())
    ramp = np.tile(np.linspace(0, 255, SHAPE[1]).astype(np.uint8), (SHAPE[0], 1))
    write_png(images / "blurred.png", ramp)
    write_png(images / "a_sharp.png", draw_image(lesion=(slice(20, 40), slice(5, 30))))
    return Workbench(
        FolderStudies(images, state / "uploads"),
        LabelStore(state / "labels"),
        SharedSegmenter(bundle, WeightStore(state / "weights", bundle / "models" / "model.pt")),
        state / "notes.json",
    )


def _accept(workbench: Workbench, name: str) -> None:
    workbench.accept(*workbench.find(name), draw_mask())


class TestWorkbench:
    def test_accepted_mask_and_prediction_are_kept(self, workbench):
        image, number = workbench.find("sharp.png")
        said = workbench.predict(image, number)
        workbench.accept(image, number, draw_mask(), {"client": "me"})
        assert np.array_equal(workbench.labels.load(image, 1), draw_mask())
        assert np.array_equal(workbench.labels.load(image, 1, "original"), said.result.mask)
        assert workbench.labels.read_info(image, 1, "final") == {"client": "me"}

    def test_without_prediction_only_the_label_is_kept(self, workbench):
        _accept(workbench, "sharp.png")
        assert workbench.labels.frames(workbench.find("sharp.png")[0], "original") == []

    def test_mask_of_another_size_is_refused(self, workbench):
        with pytest.raises(RequestError, match="60 x 90"):
            workbench.accept(*workbench.find("sharp.png"), np.zeros(SHAPE[::-1], bool))

    def test_score_is_the_dice_of_prediction_and_label(self, workbench):
        image, number = workbench.find("sharp.png")
        said = workbench.predict(image, number).result.mask
        truth = np.roll(said, 5, axis=1)
        workbench.accept(image, number, truth)
        expected = 2 * np.logical_and(said, truth).sum() / (said.sum() + truth.sum())
        assert workbench.score() == {"sharp.png": pytest.approx(expected)}

    def test_two_black_masks_agree(self, workbench):
        image, number = workbench.find("sharp.png")
        black = np.zeros(SHAPE, bool)
        workbench.labels.save(image, number, black, tag="original")
        workbench.labels.save(image, number, black, tag="final")
        assert workbench.score() == {"sharp.png": 1.0}

    def test_prediction_is_remembered_until_weights_change(self, workbench, monkeypatch):
        frame = workbench.find("sharp.png")
        first = workbench.predict(*frame)
        monkeypatch.setattr(workbench.segmenter, "predict", lambda *_: "predicted again")
        assert workbench.predict(*frame) is first
        monkeypatch.setattr(WeightStore, "name", "0001")
        assert workbench.predict(*frame) == "predicted again"

    def test_notes_are_kept_by_image(self, workbench):
        workbench.add_notes("sharp.png", {"a": 1})
        workbench.add_notes("sharp.png", {"b": 2})
        assert workbench.read_notes("sharp.png") == {"a": 1, "b": 2}
        assert workbench.read_notes("blurred.png") == {}

    @pytest.mark.parametrize("name", ["", "none.png", "sharp.png#frame=1", "/etc/passwd"])
    def test_names_of_no_image_are_refused(self, workbench, name):
        with pytest.raises(UnknownImageError):
            workbench.find(name)


class TestSampler:
    def test_most_doubtful_image_comes_first(self, workbench):
        image, number = Sampler(workbench).choose("uncertain")
        assert (image.id, number) == ("blurred.png", 1)

    def test_doubt_follows_the_predictions(self, workbench):
        doubts = {
            image.id: workbench.predict(image, number).result.boundary_uncertainty
            for image, number in workbench.list_frames()
        }
        order = sorted(doubts, key=doubts.__getitem__, reverse=True)
        sampler = Sampler(workbench)
        assert [sampler.choose("uncertain")[0].id for _ in order] == order

    def test_first_is_the_first_without_label(self, workbench):
        _accept(workbench, "a_sharp.png")
        assert Sampler(workbench).choose("first")[0].id == "blurred.png"

    def test_skipped_image_comes_again_after_all_others(self, workbench):
        sampler = Sampler(workbench)
        names = [sampler.choose("first")[0].id for _ in range(4)]
        assert names == ["a_sharp.png", "blurred.png", "sharp.png", "a_sharp.png"]

    def test_random_takes_each_once_before_any_twice(self, workbench):
        sampler = Sampler(workbench, seed=1)
        assert len({sampler.choose("random")[0].id for _ in range(3)}) == 3

    def test_when_all_are_labeled_there_is_no_next(self, workbench):
        for image, _ in workbench.list_frames():
            _accept(workbench, image.id)
        assert Sampler(workbench).choose("uncertain") is None

    def test_damaged_image_is_passed_over(self, workbench):
        whole = (workbench.studies.folder / "blurred.png").read_bytes()
        workbench.studies.list_images()
        (workbench.studies.folder / "blurred.png").write_bytes(whole[: len(whole) // 2])
        assert Sampler(workbench).choose("uncertain")[0].id != "blurred.png"

    def test_other_strategies_are_refused(self, workbench):
        with pytest.raises(RequestError, match="uncertain, random, first"):
            Sampler(workbench).choose("best")


def test_lesion_of_the_drawing_is_asymmetric():
    mask = draw_mask()
    assert mask[LESION].all()
    assert not any(np.array_equal(mask, turned) for turned in (mask[::-1], mask[:, ::-1]))
