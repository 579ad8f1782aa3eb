"""From a scanner through a real archive to a corrected mask in it, and back.

Images: two stills of 60 x 90 (one a palette, one in JPEG), a cine of five frames of 48 x 64, and
those that pydicom brings along: palette 350 x 800, RGB 240 x 320 and JPEG 2000 480 x 640 that are
in one series, and a cine of 30 frames in JPEG.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from label.label_server import LabelServer, needs_monailabel
from label.orthanc import PASSWORD, URL, USER, Orthanc, find_reason_to_skip, own_network
from label.tiny_bundle import draw_image, draw_mask, measure_dice, write_bundle
from pipeline.label.corrected_seg import is_correction
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import DicomKind, write_phantom_dicom

pytestmark = [
    needs_monailabel,
    pytest.mark.enable_socket,
    pytest.mark.skipif(find_reason_to_skip() is not None, reason=str(find_reason_to_skip())),
]

LOGIN = {"MONAI_LABEL_DICOMWEB_USERNAME": USER, "MONAI_LABEL_DICOMWEB_PASSWORD": PASSWORD}
PORT = 8000
"""Free in a network of its own."""
MASK = np.roll(draw_mask(), (7, -20), axis=(0, 1))
"""What a person makes of the prediction."""
FROM_PYDICOM = ("palette", "rgb_color", "jpeg2k", "ybr_color")


class Archive:
    """The archive, what was sent to it, and the server before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orthanc = Orthanc(folder / "orthanc")
        self.images = _write_images(folder / "images")
        self.statuses = self.orthanc.send(list(self.images.values()))
        self.bundle = write_bundle(folder / "bundle")
        self.server = self.start("labels")

    def start(self, labels: str) -> LabelServer:
        return LabelServer(URL, self.folder / labels, self.bundle, PORT, environment=LOGIN)

    def find_id(self, name: str) -> str:
        return str(self.images[name].SOPInstanceUID)

    def close(self) -> None:
        self.server.close()
        self.orthanc.close()


def _write_images(folder: Path) -> dict[str, pydicom.Dataset]:
    kinds = {"palette16": DicomKind.PALETTE_16, "jpeg": DicomKind.YBR_FULL_422_JPEG}
    for number, (name, kind) in enumerate(kinds.items(), start=1):
        write_phantom_dicom(
            folder / f"{name}.dcm",
            draw_image(),
            kind=kind,
            mm_per_pixel=(0.2, 0.1),
            instance_number=number,
        )
    cine = make_phantom_cine(0, frames=5, shape=(48, 64))
    write_phantom_dicom(
        folder / "cine.dcm", cine.images, mm_per_pixel=(0.1, 0.1), instance_number=3
    )
    images = {path.stem: pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))}
    for name in FROM_PYDICOM:
        images[name] = pydicom.dcmread(get_testdata_file(f"examples_{name}.dcm"))
    return images


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with own_network():
        opened = Archive(tmp_path_factory.mktemp("archive"))
        yield opened
        opened.close()


def _predict(archive: Archive, name: str, frame: int = 0) -> np.ndarray:
    answer = archive.server.post("/annotate/api/predict", id=archive.find_id(name), frame=frame)
    assert answer.status == 200, answer.body
    return answer.mask > 0


@pytest.fixture(scope="module")
def corrected(archive: Archive) -> None:
    """Correct what was predicted for a still, and draw in two frames of a cine."""
    _predict(archive, "jpeg")
    assert archive.server.put_mask(MASK, id=archive.find_id("jpeg")).status == 200
    for frame in (1, 4):
        mask, uid = _draw_frame(frame), archive.find_id("cine")
        assert archive.server.put_mask(mask, id=uid, frame=frame).status == 200


def _draw_frame(frame: int) -> np.ndarray:
    mask = np.zeros((48, 64), bool)
    mask[3 : 9 + frame, 40:60] = True
    return mask


def _find_segs(archive: Archive, name: str) -> list[pydicom.Dataset]:
    """Read all SEG of an image, the newest last."""
    uids = [item["00080018"]["Value"][0] for item in archive.orthanc.search("SEG")]
    found = [archive.orthanc.read(uid) for uid in uids]
    own = []
    for seg in found:
        (instance,) = seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
        if instance.ReferencedSOPInstanceUID == archive.find_id(name):
            own.append(seg)
    return sorted(own, key=lambda seg: (seg.ContentDate, seg.ContentTime))


def test_archive_takes_all_images(archive):
    assert set(archive.statuses) == {0}


def test_each_instance_is_an_image_of_its_size(archive):
    got = {
        image["id"]: (image["height"], image["width"], image["frames"])
        for image in archive.server.get("/annotate/api/images").json
    }
    assert got == {
        str(image.SOPInstanceUID): (image.Rows, image.Columns, int(image.get("NumberOfFrames", 1)))
        for image in archive.images.values()
    }


def test_names_tell_nothing_of_a_patient(archive):
    images = archive.server.get("/annotate/api/images").json
    assert {image["name"] for image in images} >= {"study 1, series 1, image 1"}
    for image in images:
        assert re.fullmatch(r"study \d+, series (\d+|-), image (\d+|-)", image["name"])


@pytest.mark.parametrize("name", ["palette16", "jpeg"])
def test_prediction_is_where_the_rectangle_is(archive, name):
    assert measure_dice(_predict(archive, name), draw_mask()) > 0.85


@pytest.mark.parametrize("name", FROM_PYDICOM)
def test_every_transfer_syntax_is_read(archive, name):
    image = archive.images[name]
    frame = int(image.get("NumberOfFrames", 1)) - 1
    assert _predict(archive, name, frame).shape == (image.Rows, image.Columns)


def test_cache_tells_no_uid(archive):
    _predict(archive, "palette")
    names = [path.name for path in (archive.folder / "labels" / "cache").iterdir()]
    assert names
    for image in archive.images.values():
        assert not any(image.SOPInstanceUID in name for name in names)


def test_instance_that_was_not_found_is_not_asked_for(archive):
    for name in ("1.2.3", "../instances", "", archive.images["jpeg"].SeriesInstanceUID):
        assert archive.server.post("/annotate/api/predict", id=name).status == 404


class TestCorrection:
    """A corrected still and two frames of a cine, as the archive has them afterwards."""

    @pytest.fixture(autouse=True)
    def _correct(self, corrected):
        """Have the corrections made before the first test."""

    def test_archive_has_the_mask_of_the_still(self, archive):
        seg = _find_segs(archive, "jpeg")[-1]
        assert is_correction(seg.SeriesDescription)
        assert np.array_equal(seg.pixel_array.reshape(60, 90) > 0, MASK)
        image = archive.images["jpeg"]
        assert seg.StudyInstanceUID == image.StudyInstanceUID
        assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == image.SeriesInstanceUID

    def test_newest_one_of_the_cine_has_both_frames(self, archive):
        seg = _find_segs(archive, "cine")[-1]
        frames = [
            int(groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber)
            for groups in seg.PerFrameFunctionalGroupsSequence
        ]
        assert frames == [2, 5]
        for plane, number in zip(seg.pixel_array, frames, strict=True):
            assert np.array_equal(plane > 0, _draw_frame(number - 1))

    def test_next_session_finds_the_labels_again(self, archive):
        archive.server.close()
        archive.server = archive.start("other-labels")
        label = archive.server.get("/annotate/api/label", id=archive.find_id("jpeg"))
        assert np.array_equal(label.mask > 0, MASK)
        for frame in (1, 4):
            label = archive.server.get(
                "/annotate/api/label", id=archive.find_id("cine"), frame=frame
            )
            assert np.array_equal(label.mask > 0, _draw_frame(frame))
        assert archive.server.get("/annotate/api/info").json["labeled"] == 3

    def test_black_mask_stays_here(self, archive):
        before = len(archive.orthanc.search("SEG"))
        black = np.zeros((60, 90), bool)
        assert archive.server.put_mask(black, id=archive.find_id("palette16")).status == 200
        assert len(archive.orthanc.search("SEG")) == before
        label = archive.server.get("/annotate/api/label", id=archive.find_id("palette16"))
        assert not label.mask.any()


class TestViewer:
    def test_viewer_finds_the_studies(self, archive):
        answer = archive.server.get("/proxy/dicom/qido/studies")
        assert answer.status == 200
        assert len(answer.json) == len({i.StudyInstanceUID for i in archive.images.values()})

    @pytest.mark.parametrize(
        "path",
        ["../../instances", "studies/../../instances", "%2e%2e/instances", "studies/%2e%2e/x", ""],
    )
    def test_viewer_reaches_nothing_but_dicomweb(self, archive, path):
        assert archive.server.get(f"/proxy/dicom/qido/{path}").status == 404

    def test_viewer_stores_nothing(self, archive):
        assert archive.server.post("/proxy/dicom/stow/studies", {}).status in (404, 405)

    def test_viewer_and_its_files_are_served(self, archive):
        assert b"<html" in archive.server.get("/ohif/").body
        script = archive.server.get("/ohif/app-config.js")
        assert b"window.config" in script.body


def test_password_is_in_no_file_and_no_command_line(archive):
    import psutil

    for folder in ("labels", "other-labels"):
        for path in (archive.folder / folder).rglob("*"):
            assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()
    assert PASSWORD not in " ".join(psutil.Process(archive.server.process.pid).cmdline())
    assert PASSWORD not in archive.server.log.read_text()


def test_wrong_password_is_reported(archive):
    with pytest.raises(pytest.fail.Exception, match="refused with status 401"):
        LabelServer(
            URL,
            archive.folder / "none",
            archive.bundle,
            PORT + 1,
            environment=LOGIN | {"MONAI_LABEL_DICOMWEB_PASSWORD": "wrong"},
        )


def test_without_archive_labels_are_saved_here(archive):
    """The last test: it stops the archive."""
    archive.orthanc.close()
    answer = archive.server.put_mask(draw_mask(), id=archive.find_id("jpeg"))
    assert answer.status == 502
    assert "saved here, but not in the archive" in answer.json["detail"]
    label = archive.server.get("/annotate/api/label", id=archive.find_id("jpeg"))
    assert np.array_equal(label.mask > 0, draw_mask())
    assert len(archive.server.get("/annotate/api/images").json) == len(archive.images)
