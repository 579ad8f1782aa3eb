"""The three steps of the way of one image, with networks that return their input."""

from pathlib import Path

import numpy as np
import pytest
import torch
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.errors import ReadError
from pipeline.load_segmenter import load_segmenter
from pipeline.phantom.phantom_dicom import make_phantom_dataset, make_region, write_phantom_dicom
from pipeline.results.frame import Frame
from pipeline.segmenter import Segmenter

IMAGE, LABEL = make_orientation_phantom(96, 128)


@pytest.fixture
def segmenter(tmp_path: Path) -> Segmenter:
    """Bright is lesion, see `run_brightness`."""
    torch.save({}, tmp_path / "identity.pt")
    (tmp_path / "identity.json").write_text('{"network_def": {"_target_": "torch.nn.Identity"}}')
    settings = {"ckpt": str(tmp_path / "identity.pt"), "backend": "torch", "threshold": 0.87}
    settings |= {"min_lesion_probability": 0.9, "image_size": [128, 128], "keep_maps": True}
    return load_segmenter(settings=settings, configs=[tmp_path / "identity.json"])


def test_result_is_at_the_size_of_the_source(segmenter: Segmenter, tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "x.png")
    result = segmenter.segment(segmenter.read(tmp_path / "x.png"))
    assert np.array_equal(result.image, IMAGE)
    assert result.mask.shape == IMAGE.shape
    assert 2 * (result.mask & LABEL).sum() / (result.mask.sum() + LABEL.sum()) > 0.95
    (lesion,) = result.lesions
    assert lesion.mask.sum() == result.mask.sum() == lesion.area_px
    assert result.probability_map is not None
    assert result.probability_map.shape == IMAGE.shape
    assert result.suppressed == ()


def test_what_the_operating_point_silences_is_kept_apart(
    segmenter: Segmenter, tmp_path: Path
) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "x.png")
    frame = segmenter.read(tmp_path / "x.png")
    shown = segmenter.segment(frame)
    judge = next(
        each for each in segmenter.postprocessing.transforms if hasattr(each, "suppressed_key")
    )
    judge.threshold = 1.0
    silent = segmenter.segment(frame)
    assert not silent.mask.any()
    assert silent.lesions == ()
    assert [lesion.box for lesion in silent.suppressed] == [lesion.box for lesion in shown.lesions]
    assert silent.suppressed[0].probability == pytest.approx(silent.probability)
    np.testing.assert_array_equal(silent.suppressed_mask, shown.mask)


def test_images_of_a_frame_are_one_batch_and_stay_in_their_places(
    segmenter: Segmenter, tmp_path: Path
) -> None:
    lower, label = np.roll(IMAGE, 20, axis=0), np.roll(LABEL, 20, axis=0)
    dataset = make_phantom_dataset(np.concatenate([IMAGE, lower], axis=1))
    boxes = (0, 0, 127, 95), (128, 0, 255, 95)
    dataset.SequenceOfUltrasoundRegions = [make_region(box, (0.1, 0.1)) for box in boxes]
    dataset.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    frame = segmenter.read(tmp_path / "x.dcm")
    assert segmenter.compute(frame).shape == (2, 1, 128, 128)
    result = segmenter.segment(frame)
    assert len(result.lesions) == len(result.regions) == 2
    for mask, truth in ((result.mask[:, :128], LABEL), (result.mask[:, 128:], label)):
        assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.95


def test_frame_of_a_cine_is_read_by_its_number(segmenter: Segmenter, tmp_path: Path) -> None:
    write_phantom_dicom(tmp_path / "x.dcm", np.stack([IMAGE, IMAGE[:, ::-1]]))
    frame = segmenter.read(tmp_path / "x.dcm", 2)
    assert (frame.number, isinstance(frame, Frame)) == (2, True)
    assert np.array_equal(frame.parts[0]["image"].shape, (1, 128, 128))
    with pytest.raises((ReadError, RuntimeError)):
        segmenter.read(tmp_path / "x.dcm")


def test_what_is_drawn_in_colour_is_no_tissue(segmenter: Segmenter, tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "grey.png")
    expected = segmenter.segment(segmenter.read(tmp_path / "grey.png"))
    dark = (IMAGE < 60) & ~LABEL
    corner = np.argwhere(
        [[dark[y : y + 16, x : x + 16].all() for x in range(112)] for y in range(80)]
    )
    top, left = corner[len(corner) // 2]
    flow = np.s_[top + 4 : top + 12, left + 4 : left + 12]
    rgb = np.dstack([IMAGE] * 3)
    rgb[flow] = (255, 255, 0)
    Image.fromarray(rgb).save(tmp_path / "flow.png")
    result = segmenter.segment(segmenter.read(tmp_path / "flow.png"))
    assert not result.mask[flow].any()
    assert (result.mask ^ expected.mask).mean() < 0.001
    assert (result.image[flow] == 226).all()  # a person sees what is in the file
    assert "coloured" not in result.quality


@pytest.mark.parametrize("width", [64, 128])
def test_picture_that_is_mostly_coloured_is_named(
    segmenter: Segmenter, tmp_path: Path, width: int
) -> None:
    """Stiffness from red over green to blue, half of it the tissue."""
    rgb = np.dstack([IMAGE] * 3)
    colours = np.zeros((96, width, 3))
    for band, colour in enumerate(((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 0, 255))):
        colours[24 * band : 24 * band + 24] = colour
    rgb[:, :width] = (rgb[:, :width] + colours) / 2
    Image.fromarray(rgb).save(tmp_path / "x.png")
    assert "coloured" in segmenter.segment(segmenter.read(tmp_path / "x.png")).quality
