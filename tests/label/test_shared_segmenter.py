"""The server's way to a mask is that of `breast-us-seg infer`, with a network of two weights."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from label.tiny_bundle import (
    LESION,
    SHAPE,
    draw_image,
    draw_mask,
    measure_dice,
    write_bundle,
    write_png,
)
from pipeline.cli.main import main
from pipeline.errors import ConfigError
from pipeline.label import shared_segmenter as module
from pipeline.label.label_errors import BusyError, RequestError
from pipeline.label.shared_segmenter import SharedSegmenter
from pipeline.label.weight_store import WeightStore
from pipeline.phantom.phantom_study import write_phantom_study


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    write_png(tmp_path / "x.png", draw_image())
    return tmp_path / "x.png"


def _open(bundle: Path, **overrides: object) -> SharedSegmenter:
    weights = WeightStore(bundle.parent / "weights", bundle / "models" / "model.pt")
    return SharedSegmenter(bundle, weights, overrides)


def test_mask_is_where_the_rectangle_is(bundle, image):
    prediction = _open(bundle).predict(image)
    assert prediction.result.mask.shape == SHAPE
    assert measure_dice(prediction.result.mask, draw_mask()) > 0.9
    assert prediction.result.probability > 0.9
    assert 0 < prediction.result.boundary_uncertainty < 1
    assert prediction.result.mm_per_pixel is None


def test_auto_means_torch(bundle, image):
    assert _open(bundle, backend="auto").predict(image).result.mask.any()


def test_another_backend_than_torch_is_refused(bundle):
    with pytest.raises(ConfigError, match="expected the backend torch"):
        _open(bundle, backend="onnx")


def test_masks_are_those_of_an_inference_run(bundle, tmp_path):
    write_phantom_study(tmp_path / "study", images=12, shape=(64, 80), frames=3)
    images = tmp_path / "study" / "images"
    assert main(["infer", str(images), str(tmp_path / "out"), "--bundle-root", str(bundle)]) == 0
    segmenter = _open(bundle)
    masks = sorted(path for path in (tmp_path / "out" / "masks").rglob("*.png"))
    assert len(masks) == 12 + 3
    for path in masks:
        name = path.relative_to(tmp_path / "out" / "masks")
        file, frame = images / name, None
        if name.parent.suffix == ".dcm":
            file, frame = images / name.parent, int(path.stem)
        elif not file.exists():
            file = file.with_suffix("")
        got = segmenter.predict(file, frame).result.mask
        assert np.array_equal(got, np.asarray(Image.open(path)) > 0), name


def test_view_shows_the_pixels_of_a_png(bundle, image):
    view, blanked = _open(bundle).view(image)
    assert np.array_equal(view, draw_image())
    assert not blanked


def test_new_weights_are_used_at_once(bundle, image, tmp_path):
    segmenter = _open(bundle)
    assert segmenter.predict(image).result.mask.any()
    weights = torch.load(bundle / "models" / "model.pt", weights_only=True)
    torch.save({name: value * 0 - 5 for name, value in weights.items()}, tmp_path / "new.pt")
    segmenter.weights.install((tmp_path / "new.pt").read_bytes())
    after = segmenter.predict(image)
    assert not after.result.mask[LESION].any()
    assert after.weights == "0001"
    segmenter.weights.restore()
    assert measure_dice(segmenter.predict(image).result.mask, draw_mask()) > 0.9


@pytest.mark.parametrize(
    "weights",
    [{}, {"weight": torch.ones(1, 1, 3, 3), "bias": torch.ones(1)}, {"weight": torch.ones(1)}],
)
def test_weights_that_do_not_fit_are_an_error(bundle, image, weights):
    segmenter = _open(bundle)
    torch.save(weights, bundle / "models" / "model.pt")
    with pytest.raises(ConfigError, match="those of another"):
        segmenter.predict(image)


def test_damaged_weights_are_an_error(bundle, image):
    (bundle / "models" / "model.pt").write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="expected a state_dict"):
        _open(bundle).predict(image)


def test_damaged_image_is_reported(bundle, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with pytest.raises(RequestError, match="the image cannot be read"):
        _open(bundle).predict(tmp_path / "bad.png")
    with pytest.raises(RequestError, match="the image cannot be read"):
        _open(bundle).view(tmp_path / "bad.png")


def test_too_many_at_once_are_sent_away(bundle, image, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    segmenter = _open(bundle)
    inside, leave = threading.Event(), threading.Event()

    def wait(_: object) -> str:
        inside.set()
        leave.wait(20)
        return "slow"

    monkeypatch.setattr(SharedSegmenter, "_load_weights", wait)
    thread = threading.Thread(target=segmenter.predict, args=(image,))
    thread.start()
    assert inside.wait(20)
    with pytest.raises(BusyError, match="try again"):
        segmenter.predict(image)
    leave.set()
    thread.join(20)


def test_override_of_the_config_counts(bundle, image):
    assert not _open(bundle, min_lesion_px=3000).predict(image).result.mask.any()


def test_override_that_a_transform_refuses_is_reported_before_the_first_image(bundle):
    with pytest.raises(ConfigError, match="min_lesion_probability: expected a number from 0 to 1"):
        _open(bundle, min_lesion_probability=2.0).prepare()
