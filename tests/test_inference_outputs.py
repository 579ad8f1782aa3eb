"""What a run writes of each file, end to end, and what each of the `outputs` switches leaves out.

Images are the orientation phantom, 64 x 96, as PNG and as calibrated DICOM; of the cine, frame 2
has no lesion; `flat.dcm` has none at all. All DICOM files and the folder are named after a patient.
"""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from bundle_runs import read_table, run_brightness
from orientation_phantom import make_orientation_phantom
from PIL import Image
from pydicom import Dataset, dcmread
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.draw import polygon2mask
from skimage.measure import label

from pipeline.cli.main import main
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import make_phantom_dataset, write_phantom_dicom
from pipeline.phantom.phantom_lesion import Lesion
from pipeline.results.output_path import output_path

IMAGE, LABEL = make_orientation_phantom(64, 96)
FLAT = np.full((64, 96), 90, np.uint8)
MM = (0.1, 0.25)
PATIENT = "SECRET"
SOURCES = ["a/still.dcm", "cine.dcm", "flat.dcm", "still.png"]
ALL_ON = {f"outputs#{name}": True for name in ("sc", "nifti")}
RUN_FILES = {
    *("results.csv", "lesions.csv", "coco.json", "report.html", "run.json"),
    "breast-us-seg.jsonl",
}
FRAMES = ("/0001", "/0002", "/0003")


def save(path: Path, dataset: Dataset) -> None:
    dataset.PatientName = f"{PATIENT}^NAME"
    dataset.PatientID = f"{PATIENT}-ID"
    dataset.StudyDescription = f"{PATIENT} study"
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs") / f"{PATIENT}^FOLDER"
    save(folder / "a" / "still.dcm", make_phantom_dataset(IMAGE, mm_per_pixel=MM))
    frames = np.stack([IMAGE, FLAT, IMAGE[:, ::-1]])
    save(folder / "cine.dcm", make_phantom_dataset(frames, mm_per_pixel=MM))
    save(folder / "flat.dcm", make_phantom_dataset(FLAT, mm_per_pixel=MM))
    Image.fromarray(IMAGE).save(folder / "still.png")
    (folder / "notes.txt").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def full_run(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of a run with everything on."""
    output = tmp_path_factory.mktemp("full") / "out"
    run_brightness(source, output, **ALL_ON)
    return output


def read_files(output: Path) -> dict[str, bytes]:
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file()
    }


def list_below(output: Path, folder: str) -> set[str]:
    return {name for name in read_files(output) if name.startswith(f"{folder}/")}


def read_lesions(output: Path) -> list[dict[str, str]]:
    with (output / "lesions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_mask(output: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(output / "masks" / name)) == 255


def list_images() -> Iterator[tuple[str, int | None]]:
    for file in SOURCES:
        yield from ((file, frame) for frame in ((1, 2, 3) if file == "cine.dcm" else (None,)))


class TestFiles:
    def test_one_segmentation_for_each_dicom_file_with_a_lesion(self, full_run: Path) -> None:
        assert list_below(full_run, "seg") == {"seg/a/still.dcm", "seg/cine.dcm"}

    def test_one_report_for_each_dicom_file(self, full_run: Path) -> None:
        assert list_below(full_run, "sr") == {"sr/a/still.dcm", "sr/cine.dcm", "sr/flat.dcm"}

    def test_one_secondary_capture_for_each_dicom_frame(self, full_run: Path) -> None:
        stills = {"sc/a/still.dcm", "sc/flat.dcm"}
        assert list_below(full_run, "sc") == stills | {f"sc/cine.dcm{n}.dcm" for n in FRAMES}

    @pytest.mark.parametrize(
        ("folder", "suffix"), [("masks", ".png"), ("overlays", ".png"), ("nifti", ".nii.gz")]
    )
    def test_one_for_each_image(self, folder: str, suffix: str, full_run: Path) -> None:
        names = {f"{folder}/{output_path(*image, suffix)}" for image in list_images()}
        assert list_below(full_run, folder) == names

    def test_files_of_the_run(self, full_run: Path) -> None:
        assert {name for name in read_files(full_run) if "/" not in name} == RUN_FILES


class TestContents:
    def test_nifti_is_the_mask(self, full_run: Path) -> None:
        for image in list_images():
            found = nibabel.load(full_run / "nifti" / output_path(*image, ".nii.gz"))
            mask = read_mask(full_run, str(output_path(*image)))
            assert np.array_equal(np.asarray(found.dataobj)[..., 0].T > 0, mask)
            is_calibrated = image[0] != "still.png"
            assert found.header.get_xyzt_units()[0] == ("mm" if is_calibrated else "unknown")

    def test_segmentation_is_the_mask(self, full_run: Path) -> None:
        found = dcmread(full_run / "seg" / "cine.dcm")
        bits = np.unpackbits(np.frombuffer(found.PixelData, np.uint8), bitorder="little")
        masks = [read_mask(full_run, f"cine.dcm/000{frame}.png") for frame in (1, 3)]
        assert np.array_equal(bits.reshape(2, 64, 96).astype(bool), np.stack(masks))

    def test_coco_is_the_masks(self, full_run: Path) -> None:
        content = json.loads((full_run / "coco.json").read_text())
        images = {image["id"]: image for image in content["images"]}
        assert [(i["file_name"], i.get("frame")) for i in images.values()] == list(list_images())
        found = {key: np.zeros((64, 96), bool) for key in images}
        for annotation in content["annotations"]:
            corners = np.reshape(annotation["segmentation"][0], (-1, 2))[:, ::-1] - 0.5
            found[annotation["image_id"]] |= polygon2mask((64, 96), corners)
        for key, image in images.items():
            name = str(output_path(image["file_name"], image.get("frame")))
            assert np.array_equal(found[key], read_mask(full_run, name))

    def test_lesions_have_mm_where_the_file_tells_them(self, full_run: Path) -> None:
        rows = read_lesions(full_run)
        assert [(row["file"], row["frame"]) for row in rows] == [
            *[("a/still.dcm", ""), ("cine.dcm", "1"), ("cine.dcm", "3"), ("still.png", "")]
        ]
        assert [row["depth_mm"] != "" for row in rows] == [True, True, True, False]
        for row in rows[:3]:
            assert float(row["depth_mm"]) == pytest.approx(int(row["depth_px"]) * MM[0], abs=0.01)
            assert float(row["width_mm"]) == pytest.approx(int(row["width_px"]) * MM[1], abs=0.01)

    def test_report_without_a_lesion_says_so(self, full_run: Path) -> None:
        assert "Absent" in str(dcmread(full_run / "sr" / "flat.dcm"))
        assert "Absent" not in str(dcmread(full_run / "sr" / "a" / "still.dcm"))

    def test_report_refers_to_the_segmentation(self, full_run: Path) -> None:
        for name in ("a/still.dcm", "cine.dcm"):
            uid = dcmread(full_run / "seg" / name).SOPInstanceUID
            assert f"UI: {uid}" in str(dcmread(full_run / "sr" / name))

    def test_patient_is_named_in_dicom_objects_only(self, full_run: Path) -> None:
        naming = {name for name, data in read_files(full_run).items() if PATIENT.encode() in data}
        objects = set().union(*(list_below(full_run, folder) for folder in ("seg", "sr", "sc")))
        assert naming == objects

    def test_no_path_of_the_machine(self, full_run: Path, source: Path) -> None:
        for name, data in read_files(full_run).items():
            for folder in (full_run, source, Path.home(), Path.cwd()):
                assert bytes(folder) not in data, name

    def test_manifest(self, full_run: Path) -> None:
        content = json.loads((full_run / "run.json").read_text())
        assert content["images"] == {"ok": 4, "no_lesion": 2, "skipped": 1, "failed": 0}
        assert content["settings"]["weights"] == "identity.pt"
        assert content["settings"]["threshold"] == "0.87"

    def test_brightness_of_what_was_blanked_is_not_judged(self, tmp_path: Path) -> None:
        dataset = make_phantom_dataset(IMAGE)
        del dataset.BurnedInAnnotation
        save(tmp_path / "in" / "x.dcm", dataset)
        run_brightness(tmp_path / "in", tmp_path / "out")
        (row,) = read_table(tmp_path / "out")
        overlay = np.asarray(Image.open(tmp_path / "out" / "overlays" / "x.dcm.png").convert("RGB"))
        assert not overlay[(overlay != (255, 210, 0)).any(axis=-1)].any()
        assert "empty" not in row["quality"]

    def test_black_image_is_empty(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        Image.fromarray(FLAT * 0).save(tmp_path / "in" / "x.png")
        run_brightness(tmp_path / "in", tmp_path / "out")
        assert read_table(tmp_path / "out")[0]["quality"] == "empty"


def test_rerun_gives_the_same_bytes(source: Path, full_run: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "out", **ALL_ON)
    found, expected = read_files(tmp_path / "out"), read_files(full_run)
    assert found.keys() == expected.keys()
    assert {name for name in found if found[name] != expected[name]} <= {"run.json"}


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("masks", "masks/"),
        ("overlays", "overlays/"),
        ("seg", "seg/"),
        ("sr", "sr/"),
        ("sc", "sc/"),
        ("nifti", "nifti/"),
        ("coco", "coco.json"),
        ("report", "report"),
    ],
)
def test_switch_leaves_out_its_own(
    name: str, left_out: str, source: Path, full_run: Path, tmp_path: Path
) -> None:
    run_brightness(source, tmp_path / "out", **{**ALL_ON, f"outputs#{name}": False})
    found, expected = read_files(tmp_path / "out"), read_files(full_run)
    assert found.keys() == {file for file in expected if not file.startswith(left_out)}
    told = {"run.json", "report.html", "breast-us-seg.jsonl"}  # they tell the settings
    if name == "seg":  # a report refers to the segmentation if there is one
        told |= {file for file in found if file.startswith("sr/")}
    assert {file for file in found if found[file] != expected[file]} <= told


def test_nothing_but_masks(source: Path, full_run: Path, tmp_path: Path) -> None:
    off = ("overlays", "seg", "sr", "sc", "nifti", "coco", "report")
    run_brightness(source, tmp_path / "out", **{f"outputs#{name}": False for name in off})
    found = read_files(tmp_path / "out")
    masks = list_below(full_run, "masks")
    assert found.keys() == masks | {"results.csv", "lesions.csv", "run.json", "breast-us-seg.jsonl"}
    assert all(found[name] == (full_run / name).read_bytes() for name in masks)


def test_secondary_captures_and_nifti_are_off_by_default(source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "out")
    folders = {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()}
    assert folders == {"masks", "overlays", "seg", "sr", "report"}


@pytest.fixture(scope="module")
def refused_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of a run over files to which no DICOM object can refer, and a PNG file."""
    folder = tmp_path_factory.mktemp("refused")
    for name, frames in (("still.dcm", IMAGE), ("cine.dcm", np.stack([IMAGE, IMAGE[::-1]]))):
        dataset = make_phantom_dataset(frames)
        del dataset.StudyInstanceUID
        save(folder / "in" / name, dataset)
    Image.fromarray(IMAGE).save(folder / "in" / "x.png")
    with pytest.raises(SystemExit) as caught:
        run_brightness(folder / "in", folder / "out")
    assert caught.value.code == 2
    return folder / "out"


class TestSourceWithoutStudy:
    def test_it_is_failed_with_a_reason(self, refused_run: Path) -> None:
        rows = {(row["file"], row["frame"]): row for row in read_table(refused_run)}
        assert {key for key, row in rows.items() if row["status"] == "failed"} == {
            *{("still.dcm", ""), ("cine.dcm", "")}
        }
        for file in ("still.dcm", "cine.dcm"):
            reason = rows[file, ""]["reason"]
            assert reason.startswith("segmented, but without DICOM objects: expected a valid Study")
            assert PATIENT not in reason

    def test_its_masks_are_there(self, refused_run: Path) -> None:
        for name in ("still.dcm.png", "cine.dcm/0001.png", "cine.dcm/0002.png", "x.png"):
            assert read_mask(refused_run, name).any()

    def test_others_have_theirs(self, refused_run: Path) -> None:
        assert {row["file"] for row in read_table(refused_run) if row["status"] == "ok"} == {
            *{"x.png", "cine.dcm"}
        }
        assert not (refused_run / "seg").exists()


@pytest.mark.parametrize("is_asked_for", [False, True])
def test_echocardiogram_gets_a_mask_and_no_dicom_objects(
    is_asked_for: bool, tmp_path: Path
) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=MM)
    dataset.BodyPartExamined = "HEART"
    save(tmp_path / "in" / "x.dcm", dataset)
    switches = {**ALL_ON, "other_organs": True} if is_asked_for else ALL_ON
    run_brightness(tmp_path / "in", tmp_path / "out", **switches)
    (row,) = read_table(tmp_path / "out")
    assert row["status"] == "ok"
    assert row["reason"] == "another organ by its Body Part Examined (0018,0015)"
    assert ("no DICOM objects" in row["quality"]) != is_asked_for
    assert (tmp_path / "out" / "masks" / "x.dcm.png").is_file()
    for folder in ("seg", "sr", "sc"):
        assert (tmp_path / "out" / folder / "x.dcm").is_file() == is_asked_for


def test_results_are_no_input(full_run: Path, tmp_path: Path) -> None:
    for folder in ("seg", "sr", "sc"):
        shutil.copytree(full_run / folder, tmp_path / "in" / folder)
    with pytest.raises(SystemExit):  # there was no image
        run_brightness(tmp_path / "in", tmp_path / "out")
    rows = read_table(tmp_path / "out")
    assert {row["file"].split("/")[0] for row in rows} == {"seg", "sr", "sc"}
    assert {row["status"] for row in rows} == {"skipped"}
    assert not any((tmp_path / "out" / name).exists() for name in ("masks", "seg", "sr"))


def test_segmentation_of_an_earlier_run_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "in" / "x.dcm"
    for image, expected in ((IMAGE, {"seg/x.dcm"}), (FLAT, set())):
        save(path, make_phantom_dataset(image, mm_per_pixel=MM))
        run_brightness(tmp_path / "in", tmp_path / "out")
        assert list_below(tmp_path / "out", "seg") == expected


TRUTH_AS_IMAGE = {
    "preprocessing#transforms#6": {
        "_target_": "ScaleIntensityRanged",
        "keys": "image",
        **{"a_min": 0, "a_max": 255, "b_min": -20, "b_max": 20},
    },
    "threshold": 0.5,
    "min_lesion_px": 1,
    "min_lesion_share": 0.0,
    "image_size": [320, 320],
}
"""Settings by which a mask that is read as an image comes out as it is, but for being resized."""


def measure_brute(mask: np.ndarray) -> tuple[float, float]:
    """Measure the longest diameter of a mask and the longest chord across it, in px.

    By all pairs of pixels and by cutting the hull in a thousand places; a pixel reaches half a
    pixel beyond its centre.
    """
    points = np.argwhere(mask).astype(float)
    reach = np.array([(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)])
    points = (points[:, None] + reach).reshape(-1, 2)
    corners = points[ConvexHull(points).vertices]
    distances = pdist(corners)
    first, second = np.column_stack(np.triu_indices(len(corners), 1))[distances.argmax()]
    along = (corners[second] - corners[first]) / distances.max()
    turned = (corners - corners[first]) @ np.array([along, (-along[1], along[0])]).T
    lengths = []
    for position in np.linspace(0, distances.max(), 1002)[1:-1]:
        crossings = []
        for (x0, y0), (x1, y1) in zip(turned, np.roll(turned, -1, axis=0), strict=True):
            if min(x0, x1) <= position <= max(x0, x1) and x0 != x1:
                crossings.append(y0 + (y1 - y0) * (position - x0) / (x1 - x0))
        lengths.append(max(crossings) - min(crossings))
    return float(distances.max()), max(lengths)


def run_truth(source: Path, output: Path, **overrides: Any) -> dict[str, list[dict[str, str]]]:
    """Run on masks in place of images; give the lesions of each file, from the left."""
    run_brightness(source, output, **{**TRUTH_AS_IMAGE, **overrides})
    rows = sorted(read_lesions(output), key=lambda row: float(row["centroid_column"]))
    return {
        name: [row for row in rows if row["file"] == name] for name in {r["file"] for r in rows}
    }


def put_mask(path: Path, mask: np.ndarray, header: Dataset) -> None:
    """Write a mask as DICOM image with the calibration of another one."""
    dataset = make_phantom_dataset(
        mask.astype(np.uint8) * 255, instance_number=header.InstanceNumber
    )
    dataset.SequenceOfUltrasoundRegions = header.SequenceOfUltrasoundRegions
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


@pytest.mark.slow
def test_diameters_of_the_phantoms_are_within_a_pixel(tmp_path: Path) -> None:
    phantom = tmp_path / "phantom"
    assert main(["phantom", str(phantom), "--images", "36", "--size", "200", "250"]) == 0
    truths = {}
    for path in sorted((phantom / "images" / "dicom").iterdir()):
        mask = np.asarray(Image.open(phantom / "truth" / "dicom" / f"{path.name}.png")) > 0
        if mask.any():
            truths[path.name] = mask
            put_mask(tmp_path / "in" / path.name, mask, dcmread(path, stop_before_pixels=True))
    with (phantom / "phantoms.csv").open(newline="") as file:
        mm = {Path(r["image"]).name: float(r["mm_per_pixel"]) for r in csv.DictReader(file)}

    found = run_truth(tmp_path / "in", tmp_path / "out")

    assert len(truths) >= 9
    assert found.keys() == truths.keys()
    for name, mask in truths.items():
        labels = label(mask, connectivity=2)
        parts = [labels == number for number in range(1, labels.max() + 1)]
        parts.sort(key=lambda part: np.argwhere(part)[:, 1].mean())
        assert len(found[name]) == len(parts)
        for row, part in zip(found[name], parts, strict=True):
            for axis, length in zip(("long", "short"), measure_brute(part), strict=True):
                assert abs(float(row[f"{axis}_axis_mm"]) - length * mm[name]) <= mm[name], name


@pytest.mark.parametrize("tilt", [0.0, 0.4, 1.1])
def test_diameters_of_an_ellipse_are_its_axes(tilt: float, tmp_path: Path) -> None:
    lesion = Lesion(center_mm=(15.0, 18.0), semi_axes_mm=(3.1, 7.3), tilt=tilt)
    phantom = make_phantom(0, shape=(200, 250), lesions=[lesion], mm_per_pixel=0.16)
    (tmp_path / "in").mkdir()
    picture = phantom.label.astype(np.uint8) * 255
    write_phantom_dicom(tmp_path / "in" / "x.dcm", picture, mm_per_pixel=(0.16, 0.16))
    (row,) = run_truth(tmp_path / "in", tmp_path / "out")["x.dcm"]
    assert float(row["long_axis_mm"]) == pytest.approx(2 * 7.3, abs=0.16)
    assert float(row["short_axis_mm"]) == pytest.approx(2 * 3.1, abs=0.16)
    assert float(row["area_mm2"]) == pytest.approx(np.pi * 3.1 * 7.3, rel=0.02)


def test_diameters_with_pixels_that_are_not_square(tmp_path: Path) -> None:
    rows, columns = np.ogrid[:200, :250]
    down, across = (rows - 90.3) * 0.1, (columns - 120.6) * 0.2
    turned = 0.8 * down + 0.6 * across, 0.8 * across - 0.6 * down
    mask = (turned[0] / 3.0) ** 2 + (turned[1] / 6.5) ** 2 < 1
    (tmp_path / "in").mkdir()
    write_phantom_dicom(
        tmp_path / "in" / "x.dcm", mask.astype(np.uint8) * 255, mm_per_pixel=(0.1, 0.2)
    )
    (row,) = run_truth(tmp_path / "in", tmp_path / "out")["x.dcm"]
    assert float(row["long_axis_mm"]) == pytest.approx(13.0, abs=0.2)
    assert float(row["short_axis_mm"]) == pytest.approx(6.0, abs=0.2)
