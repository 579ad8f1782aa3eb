"""Requests to a server that was started as a user does; frames of the page count from 0."""

import gzip
import io
import json
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from label.label_server import LabelServer, find_port, needs_label
from label.tiny_bundle import (
    change_config,
    draw_image,
    draw_mask,
    measure_dice,
    write_bundle,
    write_png,
)

pytestmark = [needs_label, pytest.mark.enable_socket]

FIRST = "a/first.png"
NAMES = [FIRST, "other_0.png", "other_1.png", "other_2.png", "still.dcm", "sweep.dcm"]


class TestPage:
    def test_images_are_listed(self, server):
        images = server.get("/annotate/api/images").json
        assert sorted(image["id"] for image in images) == sorted(NAMES)
        by_id = {image["id"]: image for image in images}
        assert (by_id[FIRST]["width"], by_id[FIRST]["height"]) == (90, 60)
        assert by_id["sweep.dcm"]["frames"] == 5

    def test_image_is_shown_at_source_size(self, server):
        shown = server.get("/annotate/api/image", id=FIRST)
        assert shown.headers["content-type"] == "image/png"
        assert np.array_equal(shown.mask, draw_image())

    def test_frames_of_a_cine_differ(self, server):
        first, last = (server.get("/annotate/api/image", id="sweep.dcm", frame=k) for k in (0, 4))
        assert first.mask.shape == (48, 64)
        assert not np.array_equal(first.mask, last.mask)

    def test_prediction_is_where_the_rectangle_is(self, server):
        said = server.post("/annotate/api/predict", id=FIRST)
        assert set(np.unique(said.mask)) == {0, 255}
        assert measure_dice(said.mask > 0, draw_mask()) > 0.9
        assert 0 <= float(said.headers["x-lesion-probability"]) <= 1
        assert float(said.headers["x-boundary-uncertainty"]) >= 0

    def test_outlines_below_the_operating_point_are_apart(self, server):
        said = server.post("/annotate/api/predict", id=FIRST)
        apart = server.post("/annotate/api/suppressed", id=FIRST)
        assert apart.mask.shape == said.mask.shape
        assert apart.mask.any() == ("x-suppressed-probability" in said.headers)
        assert not ((apart.mask > 0) & (said.mask > 0)).any()

    def test_label_is_saved_pixel_by_pixel(self, server, place):
        mask = np.random.default_rng(0).random((60, 90)) > 0.5
        mask[0, 0] = False  # with four corners of lesion it may be inverted
        assert server.get("/annotate/api/label", id="other_0.png").status == 404
        assert server.put_mask(mask, id="other_0.png").json == {"id": "other_0.png", "frame": 0}
        saved = server.get("/annotate/api/label", id="other_0.png")
        assert np.array_equal(saved.mask, np.where(mask, 255, 0))
        file = place / "labels" / "labels" / "final" / "other_0.png.png"
        assert np.array_equal(np.asarray(Image.open(file)), saved.mask)

    def test_frames_of_a_cine_have_labels_of_their_own(self, server):
        mask = np.zeros((48, 64), bool)
        mask[3:9, 40:60] = True
        assert server.put_mask(mask, id="sweep.dcm", frame=3).status == 200
        assert server.get("/annotate/api/label", id="sweep.dcm", frame=2).status == 404
        saved = server.get("/annotate/api/label", id="sweep.dcm", frame=3)
        assert np.array_equal(saved.mask > 0, mask)
        (cine,) = (i for i in server.get("/annotate/api/images").json if i["id"] == "sweep.dcm")
        assert (cine["labeled"], cine["labeled_frames"]) == (True, [3])

    def test_both_interfaces_see_the_same_label(self, server):
        server.put_mask(draw_mask(), id="other_1.png")
        loaded = server.get("/datastore/label", label="other_1.png", tag="final")
        assert np.array_equal(loaded.mask > 0, draw_mask())

    def test_next_offers_what_has_no_label(self, server):
        labeled = {i["id"] for i in server.get("/annotate/api/images").json if i["labeled"]}
        for strategy in ("uncertain", "random", "first"):
            chosen = server.get("/annotate/api/next", strategy=strategy).json
            assert chosen["id"] not in labeled - {"sweep.dcm"}
            assert chosen["frame"] in (0, 2)

    def test_mask_of_another_size_is_refused(self, server):
        answer = server.put_mask(np.zeros((90, 60), bool), id=FIRST)
        assert answer.status == 400
        assert "60 rows and 90 columns" in answer.json["detail"]

    def test_page_is_served(self, server):
        answer = server.get("/annotate/")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'self'" in answer.headers["content-security-policy"]


class TestMonaiLabel:
    def test_info_names_the_model(self, server):
        info = server.get("/info/").json
        assert info["models"]["lesion"]["labels"] == {"lesion": 1}
        assert set(info["strategies"]) == {"uncertain", "random", "first"}
        assert list(info["trainers"]) == ["lesion"]

    def test_mask_of_the_format_that_viewers_ask_for(self, server):
        params = '{"result_extension": ".nii.gz"}'
        answer = server.upload("POST", "/infer/lesion", {}, params, image=FIRST, output="image")
        image = nibabel.Nifti1Image.from_bytes(gzip.decompress(answer.body))
        said = server.post("/annotate/api/predict", id=FIRST)
        assert np.array_equal(np.asanyarray(image.dataobj)[:, :, 0].T > 0, said.mask > 0)
        assert image.shape == (90, 60, 1)

    @pytest.mark.parametrize("image", [FIRST, "still.dcm", "sweep.dcm#frame=2"])
    def test_mask_lies_on_the_image_that_is_handed_out(self, server, image):
        # A PNG has no spacing, and viewers know nothing of the calibration of ultrasound.
        handed_out = server.get("/datastore/image", image=image)
        assert handed_out.status == 200
        if image == "still.dcm":
            assert "PixelSpacing" not in pydicom.dcmread(io.BytesIO(handed_out.body))
        params = '{"result_extension": ".nii.gz"}'
        answer = server.upload("POST", "/infer/lesion", {}, params, image=image, output="image")
        mask = nibabel.Nifti1Image.from_bytes(gzip.decompress(answer.body))
        assert np.array_equal(mask.affine, np.diag([-1, -1, 1, 1]))

    def test_mask_lies_on_an_upload_that_has_a_spacing(self, server):
        upload = nibabel.Nifti1Image(draw_image().T[..., None], np.diag([-0.2, -0.1, 1, 1]))
        files = {"file": ("x.nii", upload.to_bytes())}
        params = '{"result_extension": ".nii.gz"}'
        answer = server.upload("POST", "/infer/lesion", files, params, output="image")
        mask = nibabel.Nifti1Image.from_bytes(gzip.decompress(answer.body))
        assert np.allclose(mask.affine, upload.affine)
        assert measure_dice(np.asanyarray(mask.dataobj)[:, :, 0].T > 0, draw_mask()) > 0.9

    def test_uploaded_image_is_segmented_and_not_kept(self, server):
        buffer = io.BytesIO()
        Image.fromarray(draw_image()).save(buffer, "PNG")
        files = {"file": ("x.png", buffer.getvalue())}
        answer = server.upload("POST", "/infer/lesion", files, output="image")
        assert measure_dice(answer.mask > 0, draw_mask()) > 0.9
        assert len(server.get("/annotate/api/images").json) == len(NAMES)

    def test_dicom_seg_of_a_still(self, server):
        answer = server.post("/infer/lesion", image="still.dcm", output="dicom_seg")
        seg = pydicom.dcmread(io.BytesIO(answer.body))
        assert (seg.Modality, seg.Rows, seg.Columns) == ("SEG", 60, 90)
        assert measure_dice(seg.pixel_array.reshape(60, 90) > 0, draw_mask()) > 0.9

    def test_frame_of_a_cine_is_loaded_as_one_picture(self, server):
        answer = server.get("/datastore/image", image="sweep.dcm#frame=2")
        shown = server.get("/annotate/api/image", id="sweep.dcm", frame=1)
        assert np.array_equal(answer.mask, shown.mask)

    def test_batch_inference_keeps_predictions_apart_from_labels(self, server):
        before = server.get("/datastore/").json["completed"]
        body = {"images": ["other_2.png"], "max_batch_size": 1}
        answer = server.post("/batch/infer/lesion", body, images="unlabeled", run_sync="true")
        assert answer.status == 200, answer.body
        status = server.get("/datastore/").json
        assert status["completed"] == before
        assert status["label_tags"]["original"] > 0

    def test_labeled_images_are_handed_out_and_nothing_stays(self, server):
        temporary = Path(tempfile.gettempdir())
        before = set(temporary.glob("*.zip"))
        server.put_mask(draw_mask(), id=FIRST)
        answer = server.get("/datastore/dataset")
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            assert {f"images/{FIRST}", f"labels/{FIRST}.png"} <= set(archive.namelist())
        time.sleep(0.5)
        assert set(temporary.glob("*.zip")) <= before

    def test_images_cannot_be_deleted(self, server, place):
        assert server.ask("DELETE", "/datastore/image", id=FIRST).status == 400
        assert (place / "studies" / FIRST).is_file()

    def test_nothing_is_written_to_the_studies(self, server, place):
        files = {p.relative_to(place / "studies").as_posix() for p in _list(place / "studies")}
        assert files == {*NAMES, "link.png"}


class TestSecurity:
    """What a client must not reach: `secret.png` lies beside the studies."""

    PATHS = ("../secret.png", "a/../../secret.png", "link.png", "/etc/passwd", "~/x", "..", "")

    @pytest.mark.parametrize("name", PATHS)
    def test_files_outside_are_not_segmented(self, server, name):
        assert server.post("/infer/lesion", image=name).status in (400, 404)

    def test_absolute_path_is_not_segmented(self, server, place):
        assert server.post("/infer/lesion", image=str(place / "secret.png")).status == 404
        assert server.post("/infer/lesion", image=str(place / "studies" / FIRST)).status == 404

    @pytest.mark.parametrize("name", PATHS)
    @pytest.mark.parametrize("route", ["image", "label", "predict", "save"])
    def test_page_reaches_nothing_outside(self, server, name, route):
        if route == "save":
            assert server.put_mask(draw_mask(), id=name).status == 404
        elif route == "predict":
            assert server.post("/annotate/api/predict", id=name).status == 404
        else:
            assert server.get(f"/annotate/api/{route}", id=name).status == 404

    @pytest.mark.parametrize("name", PATHS)
    def test_data_store_reaches_nothing_outside(self, server, name):
        for path, key in (("image", "image"), ("image/info", "image"), ("label", "label")):
            query = {key: name, "tag": "final"}
            assert server.get(f"/datastore/{path}", **query).status == 404

    def test_tag_is_no_path(self, server):
        server.put_mask(draw_mask(), id="other_1.png")
        for tag in ("../final", "final/../final", "/etc"):
            assert server.get("/datastore/label", label="other_1.png", tag=tag).status == 400

    def test_path_in_the_parameters_is_not_looked_at(self, server, place):
        secret = str(place / "secret.png")
        params = json.dumps({"upload": secret, "image": secret, "path": secret})
        answer = server.upload("POST", "/infer/lesion", {}, params, image=FIRST, output="image")
        assert measure_dice(answer.mask > 0, draw_mask()) > 0.9

    def test_label_that_points_to_a_file_is_refused(self, server, place):
        head = f"NRRD0004\ntype: uint8\ndimension: 2\nsizes: 90 60\ndata file: {place}/secret.png\n"
        files = {"label": ("x.nrrd", f"{head}encoding: raw\n\n".encode())}
        assert server.upload("PUT", "/datastore/label", files, image=FIRST).status == 400

    def test_weights_are_not_replaced(self, server):
        files = {"file": ("model.pt", b"evil")}
        answer = server.upload("PUT", "/model/lesion", files)
        assert answer.status == 403
        assert server.ask("DELETE", "/model/lesion").status == 403

    def test_too_long_a_request_is_refused(self, server):
        answer = server.ask("POST", "/annotate/api/train", b" " * (2 << 20))
        assert answer.status == 413

    @pytest.mark.parametrize(
        "path", ["/session/", "/logs/", "/infer/wsi/lesion", "/reload", "/docs"]
    )
    def test_what_is_not_needed_is_not_there(self, server, path):
        assert server.get(path).status in (404, 405)

    def test_archive_is_not_passed_on_without_one(self, server):
        assert server.get("/proxy/dicom/qido/studies").status == 404

    def test_other_sites_are_refused(self, server):
        answer = server.ask("GET", "/info/", headers={"Origin": "http://evil.example"})
        assert answer.status == 403
        answer = server.ask("GET", "/info/", headers={"Host": "evil.example"})
        assert answer.status == 403


def test_slow_inference_does_not_stop_the_server(tmp_path):
    bundle = write_bundle(tmp_path / "bundle")
    imports = ["$import time", "$import torch", "$import pathlib", "$import pipeline.networks"]
    slow = "$lambda inputs, network: (time.sleep(8), network(inputs))[1]"
    change_config(bundle, "inference", imports=imports, inferer=slow)
    write_png(tmp_path / "studies" / "x.png", draw_image())
    server = LabelServer(tmp_path / "studies", tmp_path / "labels", bundle, find_port())
    try:
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(server.post("/infer/lesion", image="x.png"))
        )
        thread.start()
        time.sleep(1)
        begin = time.monotonic()
        for path in ("/info/", "/annotate/api/info", "/annotate/api/images", "/datastore/"):
            assert server.get(path).status == 200
        assert time.monotonic() - begin < 5
        assert not answers
        thread.join(60)
        assert answers[0].status == 200
    finally:
        server.close()


def test_weights_are_replaced_only_if_they_fit(tmp_path):
    bundle = write_bundle(tmp_path / "bundle")
    write_png(tmp_path / "studies" / "x.png", draw_image())
    options = ("--allow-weights",)
    server = LabelServer(tmp_path / "studies", tmp_path / "labels", bundle, find_port(), *options)
    try:
        answer = server.upload("PUT", "/model/lesion", {"file": ("model.pt", b"evil")})
        assert (answer.status, "state_dict" in answer.json["detail"]) == (400, True)
        assert server.get("/annotate/api/info").json["weights"] == "original"
        content = (bundle / "models" / "model.pt").read_bytes()
        answer = server.upload("PUT", "/model/lesion", {"file": ("model.pt", content)})
        assert answer.json == {"name": "0001"}
        assert server.get("/annotate/api/info").json["weights"] == "0001"
    finally:
        server.close()


def _list(folder):
    return [path for path in folder.rglob("*") if not path.is_dir()]
