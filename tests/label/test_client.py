"""MONAI Label's own client library, called as the plug-in of 3D Slicer calls it."""

import gzip
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from label.label_server import needs_monailabel
from label.tiny_bundle import draw_image, draw_mask, measure_dice, write_png
from pipeline.label.mask_file import decode_mask, encode_mask

pytestmark = [
    needs_monailabel,
    pytest.mark.enable_socket,
    # The library leaves its sockets open.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FOR_SLICER = {"result_extension": ".nrrd", "result_dtype": "uint8", "result_compress": False}
"""What the plug-in asks for."""


@pytest.fixture
def client(server, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it imports cgi
        from monailabel.client import MONAILabelClient
    return MONAILabelClient(server.url, tmpdir=str(tmp_path), client_id="test")


def test_whole_session(client, tmp_path):
    info = client.info()
    assert info["labels"] == ["lesion"]

    upload = tmp_path / "new.png"
    write_png(upload, draw_image())
    image_id = client.upload_image(str(upload), "new")["image"]
    assert image_id == "uploads/new.png"

    file, params = client.infer("lesion", image_id, FOR_SLICER)
    content = Path(file).read_bytes()
    head, _, data = content.partition(b"\n\n")
    assert b"sizes: 90 60 1" in head
    values = np.frombuffer(gzip.decompress(data), np.uint8).reshape(60, 90)
    assert set(np.unique(values)) == {0, 1}
    assert measure_dice(values > 0, draw_mask()) > 0.9
    assert params["label_names"] == {"lesion": 1}

    corrected = tmp_path / "corrected.nrrd"
    corrected.write_bytes(encode_mask(draw_mask(), ".nrrd"))
    client.save_label(image_id, str(corrected), "final", {"label_info": [{"name": "lesion"}]})
    stored = client.download_label(image_id, "final")
    mask = decode_mask(Path(stored).read_bytes() if isinstance(stored, str) else stored, (60, 90))
    assert np.array_equal(mask, draw_mask())
    assert client.datastore()["objects"][image_id]["labels"]["tags"].keys() == {"final", "original"}

    sample = client.next_sample("uncertain", {})
    assert sample["id"] != image_id
    assert "path" not in sample

    assert not client.train_status(check_if_running=True)
    client.train_start("lesion", {"max_epochs": 1})
    deadline = time.monotonic() + 300
    while client.train_status()["status"] in ("SUBMITTED", "RUNNING"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert client.train_status()["status"] == "DONE"
    _, params = client.infer("lesion", image_id, FOR_SLICER)
    assert params["weights"] == "0001"


def test_image_beside_the_studies_is_sent_along(client, tmp_path):
    path = tmp_path / "x.png"
    write_png(path, draw_image())
    file, _ = client.infer("lesion", "", FOR_SLICER, file=str(path))
    assert decode_mask(Path(file).read_bytes(), (60, 90)).any()


def test_cine_is_asked_for_frame_by_frame(client):
    file, _ = client.infer("lesion", "sweep.dcm#frame=2", FOR_SLICER)
    assert decode_mask(Path(file).read_bytes(), (48, 64)).shape == (48, 64)
