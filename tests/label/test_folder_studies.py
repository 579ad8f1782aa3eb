"""A folder of phantoms, with what must not be reached around it."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from label.tiny_bundle import draw_image, write_png
from pipeline.errors import ConfigError
from pipeline.label import folder_studies
from pipeline.label.folder_studies import FolderStudies
from pipeline.label.label_errors import FullError, RequestError, UnknownImageError
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import write_phantom_dicom


@pytest.fixture
def studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStudies:
    monkeypatch.setattr(folder_studies, "_SECONDS_BETWEEN_WALKS", 0)
    write_png(tmp_path / "secret.png", draw_image())
    write_png(tmp_path / "studies" / "a" / "x.png", draw_image())
    (tmp_path / "studies" / "readme.txt").write_text("no image")
    return FolderStudies(tmp_path / "studies", tmp_path / "labels" / "uploads")


def test_images_are_named_by_their_path(studies):
    (image,) = studies.list_images()
    assert (image.id, image.rows, image.columns, image.frames) == ("a/x.png", 60, 90, 1)
    assert studies.locate("a/x.png") == studies.folder / "a" / "x.png"


def test_new_and_removed_images_are_noticed(studies):
    write_png(studies.folder / "y.png", draw_image())
    assert [image.id for image in studies.list_images()] == ["y.png", "a/x.png"]
    (studies.folder / "a" / "x.png").unlink()
    assert [image.id for image in studies.list_images()] == ["y.png"]


def test_cine_is_one_image_to_be_labeled_in_its_midst(studies):
    cine = make_phantom_cine(0, frames=5, shape=(48, 64))
    write_phantom_dicom(studies.folder / "c.dcm", cine.images, mm_per_pixel=(0.1, 0.1))
    image = studies.list_images()[0]
    assert (image.id, image.frames, image.frame_ids) == ("c.dcm", 5, ["c.dcm#frame=3"])


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../secret.png", "a/../../secret.png", "/etc/passwd", "readme.txt", "a"),
        *("a/x.png/", "./a/x.png", "a//x.png", "a/x.png\0", "a/x.png#frame=1", "uploads/x.png"),
    ],
)
def test_other_names_are_refused(studies, name):
    with pytest.raises(UnknownImageError, match="got another"):
        studies.locate(name)


def test_absolute_path_of_an_image_is_refused(studies):
    with pytest.raises(UnknownImageError):
        studies.locate(str(studies.folder / "a" / "x.png"))


def test_links_that_lead_outside_are_left_out(studies):
    (studies.folder / "link.png").symlink_to(studies.folder.parent / "secret.png")
    (studies.folder / "folder").symlink_to(studies.folder.parent)
    (studies.folder / "inside.png").symlink_to(studies.folder / "a" / "x.png")
    assert [image.id for image in studies.list_images()] == ["inside.png", "a/x.png"]


def test_image_that_becomes_a_link_is_refused(studies, monkeypatch):
    studies.list_images()
    monkeypatch.setattr(folder_studies, "_SECONDS_BETWEEN_WALKS", 1e9)  # no new walk
    path = studies.folder / "a" / "x.png"
    path.unlink()
    path.symlink_to(studies.folder.parent / "secret.png")
    with pytest.raises(UnknownImageError):
        studies.locate("a/x.png")


def test_upload_is_kept_beside_the_labels(studies):
    buffer = io.BytesIO()
    Image.fromarray(draw_image(seed=1)).save(buffer, "PNG")
    assert _add(studies, "new.png", buffer.getvalue()) == "uploads/new.png"
    assert [image.id for image in studies.list_images()] == ["a/x.png", "uploads/new.png"]
    assert np.array_equal(np.asarray(Image.open(studies.uploads / "new.png")), draw_image(seed=1))
    assert not (studies.folder / "uploads").exists()


@pytest.mark.parametrize("name", ["", "../x.png", "/x.png", "a/x.png", ".x.png", "x" * 101])
def test_upload_of_another_name_is_refused(studies, name):
    with pytest.raises(RequestError, match="letters"):
        _add(studies, name, b"")


def test_upload_that_is_no_image_is_not_kept(studies):
    with pytest.raises(RequestError, match="no image to segment"):
        _add(studies, "x.png", b"text")
    assert not studies.uploads.exists()


def test_upload_never_replaces_another(studies):
    content = (studies.folder / "a" / "x.png").read_bytes()
    _add(studies, "x.png", content)
    assert _add(studies, "x.png", content) == "uploads/x.png"
    with pytest.raises(RequestError, match="another upload"):
        _add(studies, "x.png", content + b" ")


@pytest.mark.parametrize(("most", "bytes_"), [(2, 1 << 30), (9, 2.5)])
def test_uploads_are_bounded_in_number_and_in_sum(studies, monkeypatch, most, bytes_):
    content = (studies.folder / "a" / "x.png").read_bytes()
    monkeypatch.setattr(folder_studies, "MOST_UPLOADS", most)
    monkeypatch.setattr(folder_studies, "MOST_UPLOADED_BYTES", bytes_ * len(content))
    for name in ("1.png", "2.png"):
        _add(studies, name, content)
    with pytest.raises(FullError, match="remove images"):
        _add(studies, "3.png", content)
    assert _add(studies, "2.png", content) == "uploads/2.png"  # it is there already
    (studies.uploads / "1.png").unlink()
    _add(studies, "3.png", content)
    assert sorted(path.name for path in studies.uploads.iterdir()) == ["2.png", "3.png"]


def test_half_of_an_upload_is_removed_at_the_next_start(studies):
    content = (studies.folder / "a" / "x.png").read_bytes()
    _add(studies, "1.png", content)
    old, new = (studies.uploads / f".host-{number}-ab.0.tmp" for number in (1, 2))
    for path in (old, new):
        path.write_bytes(content[:50])
    os.utime(old, (0, 0))
    FolderStudies(studies.folder, studies.uploads)
    assert {path.name for path in studies.uploads.iterdir()} == {"1.png", new.name}


def test_folder_that_is_missing_is_reported(tmp_path):
    with pytest.raises(ConfigError, match="expected a folder of images"):
        FolderStudies(tmp_path / "none", tmp_path / "uploads")


def _add(studies, name, content):
    upload = studies.folder.with_name("upload")
    upload.write_bytes(content)
    return studies.add(name, upload)
