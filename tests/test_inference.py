"""inference.json from a folder of files to masks, with a network that passes brightness through.

Images: the orientation phantom, 64 x 96, in every format; the mask has to be its bright rectangle.
`region.dcm` has the phantom as a calibrated region off the centre of a console of 110 x 190 with
bright text; `sweep.dcm` and `pages.tif` have three frames each, the phantom mirrored.
"""

import io
import logging
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bundle_runs import read_table, run_brightness, run_config
from image_formats import FORMATS
from orientation_phantom import make_orientation_phantom
from PIL import Image
from pydicom.uid import JPEGLSLossless

from pipeline.inferers.model import Model
from pipeline.phantom.phantom_dicom import make_phantom_dataset, write_phantom_dicom
from pipeline.results.output_path import output_path

IMAGE, LABEL = make_orientation_phantom(64, 96)
MIRRORED = (slice(None), slice(None, None, -1)), (slice(None, None, -1), slice(None))
FRAMES = np.stack([IMAGE, *(IMAGE[axes] for axes in MIRRORED)])
LABELS = np.stack([LABEL, *(LABEL[axes] for axes in MIRRORED)])
REGION = np.s_[30:94, 70:166]
COLUMNS = [
    *("file", "frame", "status", "reason", "region", "mm_per_pixel_y", "mm_per_pixel_x"),
    *(
        "lesions",
        "suppressed",
        "area_px",
        "probability",
        "boundary_uncertainty",
        "quality",
        "instance",
    ),
]


def write_png(path: Path, image: np.ndarray = IMAGE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, "PNG")
    return path


def write_console(path: Path) -> np.ndarray:
    """Write `region.dcm`; give its frame."""
    frame = np.zeros((110, 190), np.uint8)
    frame[5:20, 5:120] = 255
    frame[96:108, 20:60] = 255
    frame[REGION] = IMAGE
    box = (REGION[1].start, REGION[0].start, REGION[1].stop - 1, REGION[0].stop - 1)
    write_phantom_dicom(path, frame, mm_per_pixel=(0.2, 0.2), region=box)
    return frame


def read_mask(output: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(output / "masks" / name)) == 255


def overlap(mask: np.ndarray, label: np.ndarray) -> float:
    """Intersection over union; an unequal size gives an error."""
    assert mask.shape == label.shape
    return float((mask & label).sum() / (mask | label).sum())


@pytest.fixture(scope="module")
def formats_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run over every format."""
    folder = tmp_path_factory.mktemp("formats")
    source = folder / "in"
    (source / "sub").mkdir(parents=True)
    for name, form in FORMATS.items():
        form.write(source / f"{name}{form.suffix}", IMAGE)
    write_console(source / "region.dcm")
    write_phantom_dicom(source / "sub" / "sweep.dcm", FRAMES)
    first, *others = (Image.fromarray(frame) for frame in FRAMES)
    first.save(source / "sub" / "pages.tif", save_all=True, append_images=others)
    run_brightness(source, folder / "out")
    return folder / "out"


@pytest.mark.parametrize("name", FORMATS)
def test_mask_of_every_format_is_where_the_lesion_is(name: str, formats_run: Path) -> None:
    path = output_path(f"{name}{FORMATS[name].suffix}", None)
    assert overlap(read_mask(formats_run, str(path)), LABEL) > 0.9


@pytest.mark.parametrize("frame", [1, 2, 3])
@pytest.mark.parametrize("file", ["sub/sweep.dcm", "sub/pages.tif"])
def test_mask_of_every_frame(file: str, frame: int, formats_run: Path) -> None:
    mask = read_mask(formats_run, f"{file}/{frame:04d}.png")
    assert overlap(mask, LABELS[frame - 1]) > 0.9


def test_mask_of_a_region_is_put_back_into_the_frame(formats_run: Path) -> None:
    label = np.zeros((110, 190), bool)
    label[REGION] = LABEL
    assert overlap(read_mask(formats_run, "region.dcm.png"), label) > 0.9


def read_overlay(run: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(run / "overlays" / name).convert("RGB"))


def test_overlay_is_black_outside_the_region(formats_run: Path) -> None:
    overlay = read_overlay(formats_run, "region.dcm.png")
    inside = np.zeros((110, 190), bool)
    inside[REGION] = True
    assert overlay.shape == (110, 190, 3)
    assert not overlay[~inside].any()


def test_overlay_shows_the_image_at_its_own_size_and_brightness(formats_run: Path) -> None:
    overlay = read_overlay(formats_run, "region.dcm.png")[REGION]
    is_grey = (overlay == overlay[..., :1]).all(axis=-1)
    # Text in grey, which tells mm, stands below the lesion.
    lesion_end = np.flatnonzero(LABEL.any(axis=1))[-1]
    is_above = np.arange(len(IMAGE))[:, None] <= lesion_end
    shown = overlay[is_grey & is_above][:, 0].astype(int)
    assert np.abs(shown - IMAGE[is_grey & is_above]).max() <= 1
    assert is_grey[LABEL].mean() > 0.8


def test_overlay_without_mm_shows_nothing_but_the_image_and_the_outline(formats_run: Path) -> None:
    overlay = read_overlay(formats_run, "png-L.png")
    is_outline = (overlay == (255, 210, 0)).all(axis=-1)
    shown = overlay[~is_outline].astype(int)
    assert np.abs(shown - IMAGE[~is_outline][:, None]).max() <= 1


def test_overlay_outlines_the_lesion(formats_run: Path) -> None:
    overlay = read_overlay(formats_run, "png-L.png")
    mask = read_mask(formats_run, "png-L.png")
    is_outline = (overlay == (255, 210, 0)).all(axis=-1)
    assert is_outline.any()
    assert not (is_outline & mask).any()
    rows, columns = np.nonzero(is_outline)
    lesion_rows, lesion_columns = np.nonzero(mask)
    assert rows.min() == lesion_rows.min() - 1
    assert columns.max() == lesion_columns.max() + 1


def test_every_file_is_ok(formats_run: Path) -> None:
    table = read_table(formats_run)
    assert {row["status"] for row in table} == {"ok"}
    assert len(table) == len(FORMATS) + 1 + 6


def test_table_measures_the_mask(formats_run: Path) -> None:
    row = next(row for row in read_table(formats_run) if row["file"] == "region.dcm")
    assert int(row["lesions"]) == 1
    assert int(row["area_px"]) == read_mask(formats_run, "region.dcm.png").sum()
    assert 0.87 < float(row["probability"]) <= 1


def test_table_numbers_the_frames(formats_run: Path) -> None:
    frames = [row["frame"] for row in read_table(formats_run) if row["file"] == "sub/sweep.dcm"]
    assert frames == ["1", "2", "3"]
    assert all(row["frame"] == "" for row in read_table(formats_run) if "/" not in row["file"])


def test_masks_are_8_bit_grey_of_two_values(formats_run: Path) -> None:
    paths = sorted((formats_run / "masks").rglob("*.png"))
    assert len(paths) == len(FORMATS) + 1 + 6
    for path in paths:
        with Image.open(path) as mask:
            assert (mask.format, mask.mode) == ("PNG", "L")
            assert set(np.unique(np.asarray(mask))) == {0, 255}


def test_nothing_else_is_left_behind(formats_run: Path) -> None:
    folders = {"masks", "overlays", "seg", "sr", "report"}
    files = {"results.csv", "lesions.csv", "coco.json", "report.html", "run.json"}
    files |= {"breast-us-seg.jsonl"}
    assert {path.name for path in formats_run.iterdir()} == folders | files
    assert not [path for path in formats_run.rglob("*") if path.name.endswith((".tmp", ".lock"))]


def test_result_names(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "a" / "x.png")
    write_phantom_dicom(tmp_path / "in" / "a" / "x.dcm", IMAGE)
    write_phantom_dicom(tmp_path / "in" / "a" / "cine.dcm", FRAMES[:2])
    run_brightness(tmp_path / "in", tmp_path / "out")
    masks = tmp_path / "out" / "masks"
    assert sorted(path.relative_to(masks).as_posix() for path in masks.rglob("*.png")) == [
        "a/cine.dcm/0001.png",
        "a/cine.dcm/0002.png",
        "a/x.dcm.png",
        "a/x.png",
    ]


def test_image_without_a_lesion_has_a_black_mask(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "normal.png", np.full((40, 60), 90, np.uint8))
    run_brightness(tmp_path / "in", tmp_path / "out")
    with Image.open(tmp_path / "out" / "masks" / "normal.png") as mask:
        assert mask.mode == "L"
        assert not np.asarray(mask).any()
        assert mask.size == (60, 40)
    (row,) = read_table(tmp_path / "out")
    assert (row["status"], row["lesions"], row["area_px"]) == ("no_lesion", "0", "0")


def test_columns_of_the_table(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    run_brightness(tmp_path / "in", tmp_path / "out")
    header = (tmp_path / "out" / "results.csv").read_text().splitlines()[0]
    assert header.split(",") == COLUMNS


def test_single_file_as_input(tmp_path: Path) -> None:
    path = write_png(tmp_path / "in" / "x.png")
    write_png(tmp_path / "in" / "y.png")
    run_brightness(path, tmp_path / "out")
    assert overlap(read_mask(tmp_path / "out", "x.png"), LABEL) > 0.9
    assert [row["file"] for row in read_table(tmp_path / "out")] == ["x.png"]


def test_output_within_the_input_is_not_walked(tmp_path: Path) -> None:
    write_png(tmp_path / "x.png")
    for _ in range(2):
        run_brightness(tmp_path, tmp_path / "sub" / "out")
        assert {row["file"] for row in read_table(tmp_path / "sub" / "out")} == {
            "x.png",
            "sub/identity.pt",
        }


def write_damaged(folder: Path) -> None:
    """Write files that fail, each in a way of its own."""
    write_png(folder / "truncated.png")
    content = (folder / "truncated.png").read_bytes()
    (folder / "truncated.png").write_bytes(content[: len(content) // 2])
    (folder / "empty.png").touch()
    for name in ("truncated", "garbage"):
        dataset = make_phantom_dataset(IMAGE)
        dataset.PatientName, dataset.PatientID = "SECRET^NAME", "SECRET"
        dataset.compress(JPEGLSLossless)
        dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    content = (folder / "truncated.dcm").read_bytes()
    (folder / "truncated.dcm").write_bytes(content[:-60])
    content = (folder / "garbage.dcm").read_bytes()
    (folder / "garbage.dcm").write_bytes(content[:-400] + bytes(392) + content[-8:])


@pytest.fixture(scope="module")
def damaged_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A run over damaged files, others, and one sound image; its output, log and exit code."""
    folder = tmp_path_factory.mktemp("damaged")
    write_png(folder / "in" / "zz_sound.png")
    write_damaged(folder / "in")
    (folder / "in" / "notes.txt").write_text("no image")
    report = make_phantom_dataset(IMAGE)
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    report.PatientName = "SECRET^NAME"
    report.save_as(folder / "in" / "report.dcm", enforce_file_format=True)
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    try:
        with pytest.raises(SystemExit) as caught:
            run_brightness(folder / "in", folder / "out")
    finally:
        logging.getLogger().removeHandler(handler)
    return folder / "out", log.getvalue(), caught.value.code


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("truncated.png", "expected a whole PNG file"),
        ("truncated.dcm", "the file is cut off"),
        ("garbage.dcm", "expected a whole frame in JPEG-LS Lossless Image Compression"),
        ("empty.png", "got an empty file"),
    ],
)
def test_damaged_file_fails_with_a_reason(file: str, reason: str, damaged_run) -> None:
    row = next(row for row in read_table(damaged_run[0]) if row["file"] == file)
    assert row["status"] == "failed"
    assert reason in row["reason"]


@pytest.mark.parametrize(
    ("file", "reason"),
    [("notes.txt", "not an image"), ("report.dcm", "not an ultrasound image: Comprehensive SR")],
)
def test_other_file_is_skipped_with_a_reason(file: str, reason: str, damaged_run) -> None:
    row = next(row for row in read_table(damaged_run[0]) if row["file"] == file)
    assert row["status"] == "skipped"
    assert reason in row["reason"]


def test_run_goes_on_behind_damaged_files(damaged_run) -> None:
    assert overlap(read_mask(damaged_run[0], "zz_sound.png"), LABEL) > 0.9


def test_only_sound_images_have_results(damaged_run) -> None:
    assert [path.name for path in damaged_run[0].rglob("*.png")] == ["zz_sound.png"] * 2


def test_exit_code_tells_of_failures(damaged_run) -> None:
    assert damaged_run[2] == 2


def test_patient_is_not_named(damaged_run) -> None:
    output, log, _ = damaged_run
    assert "garbage.dcm" in log
    assert "SECRET" not in log
    assert "SECRET" not in (output / "results.csv").read_text()


def test_folder_without_any_image_gives_a_table(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("no image")
    with pytest.raises(SystemExit) as ended:
        run_brightness(tmp_path / "in", tmp_path / "out")
    assert ended.value.code == 2
    assert [row["status"] for row in read_table(tmp_path / "out")] == ["skipped"]


def test_names_that_collide(tmp_path: Path) -> None:
    FORMATS["jpeg-L"].write(tmp_path / "x.jpg", IMAGE)
    source = tmp_path / "in"
    source.mkdir()
    (tmp_path / "x.jpg").rename(source / "x.jpg")
    write_png(source / "x.jpg.png", IMAGE[::-1])
    with pytest.raises(SystemExit):
        run_brightness(source, tmp_path / "out")
    table = {row["file"]: row for row in read_table(tmp_path / "out")}
    assert table["x.jpg"]["status"] == "ok"
    assert table["x.jpg.png"]["status"] == "failed"
    assert "overwrite" in table["x.jpg.png"]["reason"]
    assert overlap(read_mask(tmp_path / "out", "x.jpg.png"), LABEL) > 0.9


@pytest.fixture
def alarm() -> Iterator[None]:
    """End a test that hangs."""

    def ring(*args: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.mark.usefixtures("alarm")
def test_pipe_and_device_do_not_hang(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    os.mkfifo(tmp_path / "in" / "pipe.png")
    (tmp_path / "in" / "null").symlink_to("/dev/null")
    with pytest.raises(SystemExit):
        run_brightness(tmp_path / "in", tmp_path / "out")
    statuses = {row["file"]: row["status"] for row in read_table(tmp_path / "out")}
    assert statuses == {"x.png": "ok", "pipe.png": "failed", "null": "failed"}


def test_links_end(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "self.png").symlink_to("self.png")
    with pytest.raises(SystemExit):
        run_brightness(tmp_path / "in", tmp_path / "out")
    statuses = {row["file"]: row["status"] for row in read_table(tmp_path / "out")}
    assert statuses == {"x.png": "ok", "loop": "skipped", "self.png": "failed"}


def test_link_to_an_image_is_taken(tmp_path: Path) -> None:
    write_png(tmp_path / "elsewhere.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.png").symlink_to(tmp_path / "elsewhere.png")
    run_brightness(tmp_path / "in", tmp_path / "out")
    assert overlap(read_mask(tmp_path / "out", "x.png"), LABEL) > 0.9


@pytest.mark.parametrize("name", ["ä ö#frame=2.png", "100%.png", "~home.png", "line\nbreak.png"])
def test_odd_names(name: str, tmp_path: Path) -> None:
    write_png(tmp_path / "in" / name)
    run_brightness(tmp_path / "in", tmp_path / "out")
    assert overlap(read_mask(tmp_path / "out", name), LABEL) > 0.9
    shown = name.replace("\n", r"\n")
    assert [row["file"] for row in read_table(tmp_path / "out")] == [shown]


def test_name_that_is_no_utf_8(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png").rename(tmp_path / "in" / os.fsdecode(b"caf\xe9.png"))
    run_brightness(tmp_path / "in", tmp_path / "out")
    assert [row["file"] for row in read_table(tmp_path / "out")] == [r"caf\udce9.png"]


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (12, 700), (640, 16)])
def test_odd_sizes_keep_their_size(size: tuple[int, int], tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png", np.full(size, 90, np.uint8))
    run_brightness(tmp_path / "in", tmp_path / "out")
    assert read_mask(tmp_path / "out", "x.png").shape == size


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("dataset_dri", "dataset_dir"),
        ("outputs#segg", "outputs#seg"),
        ("inferer#flp", "inferer#flip"),
    ],
)
def test_slip_in_an_override_ends_with_one_line_before_anything_runs(
    key: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "load", lambda self: pytest.fail("the network was loaded"))
    line = f"error: --{key}: is no key of this config: did you mean {meant}?"
    settings = {"dataset_dir": str(tmp_path), "output_dir": str(tmp_path / "out"), key: False}
    with pytest.raises(SystemExit, match=f"^{re.escape(line)}$"):
        run_config("inference", **settings)
    assert not (tmp_path / "out").exists()
