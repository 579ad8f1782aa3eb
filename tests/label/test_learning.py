"""The loop of active learning over HTTP, with two images, two epochs and a network of two weights.

All tests of the module go on with one server, in their order.
"""

import signal
import time

import numpy as np
import pytest
import torch

from label.label_server import needs_label
from label.tiny_bundle import change_config, draw_mask, read_config

psutil = pytest.importorskip("psutil", reason="the extra 'label' is not installed")

pytestmark = [needs_label, pytest.mark.enable_socket]

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
    assert server.post("/annotate/api/train", {"epochs": epochs}).status == 400
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
    assert all(torch.allclose(new[name].float(), old[name].float(), atol=0.5) for name in new)
    after = server.post("/annotate/api/predict", id=FIRST).headers
    assert after["x-boundary-uncertainty"] != before["x-boundary-uncertainty"]


def test_what_was_copied_for_the_training_is_gone(server, place):
    left = {path.name for path in (place / "labels" / "training").iterdir()}
    assert left == {"status.json", "log.txt", "lock"}


def test_weights_of_before_are_put_back(server, place):
    trained = server.post("/annotate/api/predict", id=FIRST)
    assert server.post("/annotate/api/weights/restore").json == {"weights": "original"}
    restored = server.post("/annotate/api/predict", id=FIRST)
    assert restored.headers["x-boundary-uncertainty"] != trained.headers["x-boundary-uncertainty"]
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
    copies = _wait_for_copies(place)
    child.send_signal(signal.SIGKILL)
    info = server.wait_for_training()
    assert not copies.exists()
    assert info["training"]["status"] == "failed"
    assert info["training"]["reason"] == "the training was killed"
    assert info["weights"] == name
    assert np.array_equal(_predict(server), before)


def test_stopped_training_leaves_nothing(server, place):
    assert server.post("/train/lesion", {"max_epochs": 1}).json["status"] == "RUNNING"
    copies = _wait_for_copies(place)
    stopped = server.ask("DELETE", "/train/")
    assert (stopped.status, stopped.json["status"]) == (200, "STOPPED")
    assert not copies.exists()
    training = _ask_info(server)["training"]
    assert (training["status"], training["reason"]) == ("failed", "the training was stopped")
    assert not _wait_for_child(server, seconds=0)


def test_runs_are_reported_without_folders(server, place):
    for query in ({}, {"all": "true"}):
        told = server.get("/train/", **query)
        assert told.status == 200
        assert str(place).encode() not in told.body
        assert b'"/' not in told.body


def test_killed_server_takes_its_training_along(server, place, tmp_path):
    from label.label_server import LabelServer, find_port

    server.close()
    again = LabelServer(place / "studies", place / "labels", place / "bundle", find_port())
    try:
        assert again.post("/train/lesion", {"max_epochs": 1}).status == 200
        (child,) = _wait_for_child(again)
        copies = _wait_for_copies(place)
        again.process.kill()
        again.process.wait()
        child.wait(30)
    finally:
        again.close()
    server.start()
    assert not copies.exists()
    assert list((place / "labels" / "scratch").glob("*/*")) == []
    assert _ask_info(server)["training"]["reason"] == "the training was killed"


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


def _wait_for_copies(place):
    """Wait until images are copied; the training of these tests waits before it begins."""
    copies = place / "labels" / "training" / "run"
    end = time.monotonic() + 120
    while not list(copies.glob("data/*.png")):
        assert time.monotonic() < end
        time.sleep(0.1)
    return copies


def _wait_for_child(server, seconds=30):
    process = psutil.Process(server.process.pid)
    for _ in range(1 + 10 * seconds):
        found = [
            child
            for child in process.children(recursive=True)
            if "pipeline.label.train_worker" in " ".join(child.cmdline())
        ]
        if found:
            return found
        time.sleep(0.1)
    return []
