"""The loop of active learning over HTTP, with two images, two epochs and a network of two weights.

All tests of the module go on with one server, in their order.
"""

import signal

import numpy as np
import pytest
import torch

from label.label_server import needs_monailabel
from label.tiny_bundle import change_config, draw_mask, read_config

psutil = pytest.importorskip("psutil", reason="the extra 'label' is not installed")

pytestmark = [needs_monailabel, pytest.mark.enable_socket]

FIRST = "a/first.png"
LABELED = {FIRST: draw_mask(), "other_1.png": draw_mask((slice(10, 30), slice(25, 50)))}


def _ask_info(server):
    return server.get("/annotate/api/info").json


def _load_weights(place, name):
    return torch.load(place / "labels" / "weights" / f"{name}.pt", weights_only=True)


def _predict(server):
    return server.post("/annotate/api/predict", id=FIRST).mask


def test_without_labels_there_is_nothing_to_train_on(server):
    answer = server.post("/annotate/api/train", {"epochs": 1})
    assert answer.status == 409
    assert "saved label" in answer.json["detail"]


@pytest.mark.parametrize("epochs", [0, -1, 1001, "x", None])
def test_number_of_epochs_is_checked(server, epochs):
    assert server.post("/annotate/api/train", {"epochs": epochs}).status == 422
    if epochs is not None:
        assert server.post("/train/lesion", {"max_epochs": epochs}).status == 400


def test_two_labels_and_two_epochs_make_new_weights(server, place):
    for name, mask in LABELED.items():
        assert server.put_mask(mask, id=name).status == 200
    before = server.post("/annotate/api/predict", id=FIRST).headers
    info = server.train(2)
    assert info["training"] == {"status": "done", "epoch": 2, "epochs": 2, "reason": ""}
    assert info["weights"] == "0001"
    new = _load_weights(place, "0001")
    old = torch.load(place / "bundle" / "models" / "model.pt", weights_only=True)
    assert {name: value.shape for name, value in new.items()} == {
        name: value.shape for name, value in old.items()
    }
    assert any(not torch.equal(new[name], old[name]) for name in new)
    # Two steps from where it was, not an average with where no training began.
    assert all(torch.allclose(new[name], old[name], atol=0.5) for name in new)
    after = server.post("/annotate/api/predict", id=FIRST).headers
    assert after["x-outline-doubt"] != before["x-outline-doubt"]


def test_what_was_copied_for_the_training_is_gone(server, place):
    assert [path.name for path in (place / "labels" / "training").iterdir()] == ["status.json"]


def test_weights_of_before_are_put_back(server, place):
    trained = server.post("/annotate/api/predict", id=FIRST)
    assert server.post("/annotate/api/weights/restore").json == {"weights": "original"}
    restored = server.post("/annotate/api/predict", id=FIRST)
    assert restored.headers["x-outline-doubt"] != trained.headers["x-outline-doubt"]
    assert server.post("/annotate/api/weights/restore").status == 409
    assert (place / "labels" / "weights" / "0001.pt").is_file()


def test_crashed_training_leaves_server_and_weights(server, place):
    before, name = _predict(server), _ask_info(server)["weights"]
    change_config(place / "bundle", "train", initialize=["$__import__('os')._exit(9)"])
    info = server.train(1)
    assert info["training"]["status"] == "failed"
    assert info["weights"] == name
    assert np.array_equal(_predict(server), before)


def test_killed_training_leaves_server_and_weights(server, place):
    before, name = _predict(server), _ask_info(server)["weights"]
    change_config(place / "bundle", "train", initialize=["$__import__('time').sleep(600)"])
    assert server.post("/annotate/api/train", {"epochs": 1}).status == 200
    assert server.post("/annotate/api/train", {"epochs": 1}).status == 409
    (child,) = _wait_for_child(server)
    child.send_signal(signal.SIGKILL)
    info = server.wait_for_training()
    assert info["training"]["status"] == "failed"
    assert info["training"]["reason"] == "the training was killed"
    assert info["weights"] == name
    assert np.array_equal(_predict(server), before)


def test_refused_training_tells_why(server, place):
    change_config(place / "bundle", "train", initialize=[], loss={"_target_": "none.such"})
    info = server.train(1)
    assert info["training"]["status"] == "failed"
    assert info["training"]["reason"]
    assert info["weights"] == "original"


def test_training_after_a_failure_works(server, place):
    change_config(place / "bundle", "train", loss=read_config("train")["loss"])
    info = server.train(1)
    assert (info["training"]["status"], info["weights"]) == ("done", "0002")


def _wait_for_child(server):
    import time

    process = psutil.Process(server.process.pid)
    for _ in range(300):
        found = [
            child
            for child in process.children(recursive=True)
            if "monailabel.interfaces.utils.app" in " ".join(child.cmdline())
        ]
        if found:
            return found
        time.sleep(0.1)
    return []
