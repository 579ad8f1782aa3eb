"""inference.json on frames of which only a part is an image, or several are.

Images: the orientation phantom, 64 x 96; its bright rectangle is the lesion. A dual frame has it
twice in a console of 110 x 240 with bright text: as it is on the left, and on the right mirrored
and so dark that its lesion does not show unless that half is normalised by itself.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from bundle_runs import CONFIGS, read_table, run_brightness
from orientation_phantom import make_orientation_phantom
from PIL import Image
from pydicom import Dataset, dcmread

from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import make_phantom_dataset, make_region, write_phantom_dicom
from pipeline.transforms import CropToRegiond
from pipeline.writers import PngOverlay

OUTPUTS = json.loads((CONFIGS / "inference.json").read_text("utf-8"))["outputs"]
IMAGE, LABEL = make_orientation_phantom(64, 96)
LEFT, RIGHT = np.s_[20:84, 10:106], np.s_[30:94, 130:226]
MM = (0.1, 0.2)


def make_picture() -> np.ndarray:
    picture = np.zeros((110, 240), np.uint8)
    picture[3:12, 5:200] = picture[100:108, 20:60] = 255
    picture[LEFT] = IMAGE
    picture[RIGHT] = IMAGE[:, ::-1] // 3
    return picture


def make_label(*sides: str) -> np.ndarray:
    label = np.zeros((110, 240), bool)
    if "left" in sides:
        label[LEFT] = LABEL
    if "right" in sides:
        label[RIGHT] = LABEL[:, ::-1]
    return label


def make_item(place: tuple[slice, slice], mm: tuple[float, float], data_type: int = 1) -> Dataset:
    rows, columns = place
    box = (columns.start, rows.start, columns.stop - 1, rows.stop - 1)
    return make_region(box, mm, data_type=data_type)


def make_dual(frames: np.ndarray | None = None, right_mm: tuple[float, float] = MM) -> Dataset:
    """Make a file whose regions come from the right to the left."""
    dataset = make_phantom_dataset(make_picture() if frames is None else frames)
    dataset.SequenceOfUltrasoundRegions = [make_item(RIGHT, right_mm), make_item(LEFT, MM)]
    return dataset


def save(path: Path, dataset: Dataset) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def read_mask(output: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(output / "masks" / name)) == 255


def overlap(mask: np.ndarray, label: np.ndarray) -> float:
    """Intersection over union; an unequal size gives an error."""
    assert mask.shape == label.shape
    return float((mask & label).sum() / (mask | label).sum())


@pytest.fixture(scope="module")
def dual_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run over a dual still, and a cine of two with the halves' lesions in turn."""
    folder = tmp_path_factory.mktemp("dual")
    save(folder / "in" / "still.dcm", make_dual(right_mm=(0.3, 0.2)))
    frames = np.stack([make_picture(), make_picture()])
    frames[0][RIGHT], frames[1][LEFT] = 30, 90
    save(folder / "in" / "cine.dcm", make_dual(frames))
    run_brightness(folder / "in", folder / "out")
    return folder / "out"


def test_both_halves_are_in_one_mask_where_they_are(dual_run: Path) -> None:
    mask = read_mask(dual_run, "still.dcm.png")
    assert overlap(mask, make_label("left", "right")) > 0.9
    assert overlap(mask[:, :120], make_label("left")[:, :120]) > 0.9
    assert overlap(mask[:, 120:], make_label("right")[:, 120:]) > 0.9


def test_two_halves_make_one_row(dual_run: Path) -> None:
    (row,) = [row for row in read_table(dual_run) if row["file"] == "still.dcm"]
    assert (row["frame"], row["status"], row["lesions"]) == ("", "ok", "2")
    assert (row["region"], row["mm_per_pixel_y"], row["mm_per_pixel_x"]) == (
        "given",
        "0.1 0.3",
        "0.2",
    )
    assert int(row["area_px"]) == read_mask(dual_run, "still.dcm.png").sum()


def test_overlay_is_black_outside_both_halves(dual_run: Path) -> None:
    overlay = np.asarray(Image.open(dual_run / "overlays" / "still.dcm.png").convert("RGB"))
    inside = np.zeros((110, 240), bool)
    inside[LEFT] = inside[RIGHT] = True
    assert not overlay[~inside].any()
    is_grey = (overlay == overlay[..., :1]).all(axis=-1) & inside
    assert np.array_equal(overlay[is_grey][:, 0], make_picture()[is_grey])
    assert is_grey[inside].mean() > 0.95


@pytest.mark.parametrize(("frame", "side"), [(1, "left"), (2, "right")])
def test_frames_of_a_cine_keep_their_halves_apart(dual_run: Path, frame: int, side: str) -> None:
    mask = read_mask(dual_run, f"cine.dcm/{frame:04d}.png")
    assert overlap(mask, make_label(side)) > 0.9


def test_cine_has_a_row_for_each_frame(dual_run: Path) -> None:
    rows = [row for row in read_table(dual_run) if row["file"] == "cine.dcm"]
    assert [row["frame"] for row in rows] == ["1", "2"]
    assert {row["mm_per_pixel_y"] for row in rows} == {"0.1"}


def test_error_in_one_half_fails_the_frame_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "in" / "a.dcm", make_dual())
    Image.fromarray(IMAGE).save(tmp_path / "in" / "b.png")
    crop = CropToRegiond.__call__

    def fail_on_the_right(self: CropToRegiond, data, lazy=None):
        if int(data["image"].meta["region"][1]) == RIGHT[1].start:
            raise ValueError("SECRET^NAME")
        return crop(self, data, lazy)

    monkeypatch.setattr(CropToRegiond, "__call__", fail_on_the_right)
    with pytest.raises(SystemExit) as caught:
        run_brightness(tmp_path / "in", tmp_path / "out")
    assert caught.value.code == 2
    first, second = read_table(tmp_path / "out")
    assert (first["status"], first["reason"]) == ("failed", "unexpected ValueError")
    assert second["status"] == "ok"
    assert overlap(read_mask(tmp_path / "out", "b.png"), LABEL) > 0.9
    assert not (tmp_path / "out" / "masks" / "a.dcm.png").exists()


def test_traces_alone_are_skipped(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(make_picture())
    item = make_item(LEFT, MM, data_type=3)
    item.RegionSpatialFormat = 2
    dataset.SequenceOfUltrasoundRegions = [item]
    save(tmp_path / "in" / "x.dcm", dataset)
    with pytest.raises(SystemExit):  # there was no image
        run_brightness(tmp_path / "in", tmp_path / "out")
    (row,) = read_table(tmp_path / "out")
    assert row["status"] == "skipped"
    assert "not a B-mode image: its regions (0018,6011) are M-mode" in row["reason"]


def test_colour_flow_within_the_tissue_is_part_of_it(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(make_picture())
    colour = make_item(np.s_[30:60, 20:80], MM, data_type=2)
    dataset.SequenceOfUltrasoundRegions = [colour, make_item(LEFT, MM)]
    save(tmp_path / "in" / "x.dcm", dataset)
    run_brightness(tmp_path / "in", tmp_path / "out")
    (row,) = read_table(tmp_path / "out")
    assert (row["region"], row["mm_per_pixel_x"]) == ("given", "0.2")
    assert overlap(read_mask(tmp_path / "out", "x.dcm.png"), make_label("left")) > 0.9


def test_text_between_regions_that_overlap_is_in_nothing_that_is_written(tmp_path: Path) -> None:
    """Text is white, so that the network takes it for lesion, in two corners of the common box."""
    picture = np.full((110, 240), 60, np.uint8)
    upper, lower = np.s_[10:80, 10:140], np.s_[40:105, 80:230]
    lesion = np.s_[50:75, 90:130]
    picture[lesion] = 230
    picture[12:30, 150:225] = picture[85:100, 12:70] = 255
    dataset = make_phantom_dataset(picture)
    dataset.SequenceOfUltrasoundRegions = [make_item(upper, MM), make_item(lower, MM)]
    save(tmp_path / "in" / "x.dcm", dataset)
    run_brightness(tmp_path / "in", tmp_path / "out", outputs={**OUTPUTS, "sc": True})

    (row,) = read_table(tmp_path / "out")
    assert (row["region"], row["mm_per_pixel_y"], row["lesions"]) == ("given", "0.1", "1")
    inside, label = np.zeros((2, 110, 240), bool)
    inside[upper] = inside[lower] = True
    label[lesion] = True
    mask = read_mask(tmp_path / "out", "x.dcm.png")
    assert overlap(mask, label) > 0.75
    assert not mask[~inside].any()
    overlay = np.asarray(Image.open(tmp_path / "out" / "overlays" / "x.dcm.png").convert("L"))
    preview = np.asarray(Image.open(tmp_path / "out" / "report" / "x.dcm.jpg"))
    capture = dcmread(tmp_path / "out" / "sc" / "x.dcm").pixel_array
    assert not overlay[~inside].any()
    assert not capture[~inside].any()
    assert preview[12:30, 150:225].max() < 16  # of JPEG
    assert np.array_equal(overlay[20:30, 20:100], picture[20:30, 20:100])


def test_files_of_a_series_keep_their_calibrations(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number, mm in ((1, (0.1, 0.1)), (2, (0.25, 0.25))):
        path = tmp_path / "in" / f"{number}.dcm"
        write_phantom_dicom(path, IMAGE, mm_per_pixel=mm, instance_number=number)
    run_brightness(tmp_path / "in", tmp_path / "out")
    assert [row["mm_per_pixel_y"] for row in read_table(tmp_path / "out")] == ["0.1", "0.25"]


def write_screenshot(path: Path) -> tuple[slice, slice]:
    """Write an echo with a bright patch in a console with bright text; give where it is."""
    place = np.s_[40:240, 60:310]
    echo = make_phantom(0, shape=(200, 250), pathology="normal").image // 3
    echo[60:100, 80:130] = 255 - echo[60:100, 80:130] % 8
    picture = np.zeros((300, 400), np.uint8)
    picture[place] = echo
    for row in range(45, 235, 20):
        picture[row : row + 7, 10:40:3] = 220
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return place


@pytest.mark.parametrize(("find_field", "origin"), [(True, "found"), (False, "whole")])
def test_screenshot(tmp_path: Path, find_field: bool, origin: str) -> None:
    place = write_screenshot(tmp_path / "in" / "x.png")
    run_brightness(tmp_path / "in", tmp_path / "out", find_field=find_field)
    (row,) = read_table(tmp_path / "out")
    assert (row["status"], row["region"], row["mm_per_pixel_y"]) == ("ok", origin, "")
    mask = read_mask(tmp_path / "out", "x.png")
    label = np.zeros((300, 400), bool)
    label[100:140, 140:190] = True
    assert overlap(mask, label) > 0.8
    overlay = np.asarray(Image.open(tmp_path / "out" / "overlays" / "x.png").convert("RGB"))
    outside = np.ones((300, 400), bool)
    outside[place] = False
    assert not mask[outside].any()
    assert overlay[:, :50].any() == (not find_field)  # the text of the console


def test_whether_a_field_is_looked_for_is_a_setting_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        write_screenshot(tmp_path / "in" / f"{name}.png")

    def stop(self: PngOverlay, result: object) -> None:
        if result.file == "b.png":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PngOverlay, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            run_brightness(tmp_path / "in", tmp_path / "out")
    run_brightness(tmp_path / "in", tmp_path / "out", find_field=False)
    assert [row["region"] for row in read_table(tmp_path / "out")] == ["whole", "whole"]


@pytest.mark.parametrize("is_resumed", [False, True])
def test_instances_count_once(
    tmp_path: Path, is_resumed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_phantom_dataset(IMAGE)
    save(tmp_path / "in" / "a.dcm", dataset)
    save(tmp_path / "in" / "copy.dcm", dataset)
    dataset.StudyID = "2"
    save(tmp_path / "in" / "other.dcm", dataset)
    Image.fromarray(IMAGE).save(tmp_path / "in" / "b.png")
    if is_resumed:
        write = PngOverlay.write

        def stop(self: PngOverlay, result: object) -> None:
            if result.file == "b.png":
                raise KeyboardInterrupt
            write(self, result)

        with monkeypatch.context() as patch:
            patch.setattr(PngOverlay, "write", stop)
            with pytest.raises(KeyboardInterrupt):
                run_brightness(tmp_path / "in", tmp_path / "out")
    run_brightness(tmp_path / "in", tmp_path / "out")
    rows = {row["file"]: row for row in read_table(tmp_path / "out")}
    assert {file: row["status"] for file, row in rows.items()} == {
        **{"a.dcm": "ok", "b.png": "ok"},
        **{"copy.dcm": "skipped", "other.dcm": "ok"},
    }
    assert rows["copy.dcm"]["reason"].endswith("bytes as a.dcm")
    assert rows["other.dcm"]["reason"] == (
        "no DICOM objects: a.dcm has the same SOPInstanceUID (0008,0018)"
    )
    assert [path.name for path in (tmp_path / "out" / "sr").iterdir()] == ["a.dcm"]
    assert (len(rows["a.dcm"]["instance"]), rows["b.png"]["instance"]) == (16, "")


def test_frame_and_file_of_one_name(tmp_path: Path) -> None:
    frames = np.stack([IMAGE, IMAGE[::-1]])
    save(tmp_path / "in" / "x.dcm", make_phantom_dataset(frames))
    Image.fromarray(IMAGE[:, ::-1]).save(tmp_path / "in" / "x.dcm#frame=2", "PNG")
    with pytest.raises(SystemExit):
        run_brightness(tmp_path / "in", tmp_path / "out")
    rows = {(row["file"], row["frame"]): row for row in read_table(tmp_path / "out")}
    assert rows["x.dcm", "1"]["status"] == rows["x.dcm#frame=2", ""]["status"] == "ok"
    assert rows["x.dcm", "2"]["status"] == "failed"
    assert "expected another name" in rows["x.dcm", "2"]["reason"]
    assert overlap(read_mask(tmp_path / "out", "x.dcm#frame=2.png"), LABEL[:, ::-1]) > 0.9


def test_black_above_the_arc_of_a_curved_probe_is_no_lesion(tmp_path: Path) -> None:
    """Dark is lesion: the picture's upper corners and the black between them are darkest."""
    rows, columns = np.indices((300, 400))
    depth = np.hypot(rows + 60, columns - 180)
    angle = np.arctan2(columns - 180, rows + 60)
    sector = (depth > 90) & (depth < 355) & (angle > -0.55) & (angle < 0.6)
    lesion = ((rows - 120) / 22) ** 2 + ((columns - 215) / 38) ** 2 < 1
    noise = np.random.default_rng(0).normal(150, 15, sector.shape)
    picture = np.where(sector, np.where(lesion, 40, noise), 0).astype(np.uint8)
    (tmp_path / "in").mkdir()
    Image.fromarray(picture).save(tmp_path / "in" / "x.png")
    dark = {"weight": torch.tensor([[[[-3.0]]]]), "bias": torch.tensor([-3.0])}
    torch.save(dark, tmp_path / "dark.pt")
    layer = {"_target_": "torch.nn.Conv2d", "in_channels": 1, "out_channels": 1, "kernel_size": 1}

    run_brightness(
        tmp_path / "in",
        tmp_path / "out",
        ckpt=str(tmp_path / "dark.pt"),
        network_def=layer,
        threshold=0.5,
        min_lesion_probability=0.1,
    )

    mask = read_mask(tmp_path / "out", "x.png")
    assert overlap(mask[:200], lesion[:200]) > 0.9
