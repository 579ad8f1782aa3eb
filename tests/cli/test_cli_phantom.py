"""The command `phantom`: what it writes, and where the truth of each file lies."""

import csv

import numpy as np
import pydicom
import pytest
from PIL import Image

from pipeline.cli.main import main

SMALL = ["--size", "48", "64"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    assert main(["phantom", str(out), *SMALL]) == 0
    return out


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("dataset")
    assert main(["phantom", str(out), "--dataset", "--images", "5", *SMALL]) == 0
    return out


def _read_header(path):
    """Give the size (columns, rows) and the mode of an image."""
    if path.suffix == ".dcm":
        header = pydicom.dcmread(path, stop_before_pixels=True)
        return (header.Columns, header.Rows), None
    with Image.open(path) as image:
        return image.size, image.mode


def _list_files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


class TestStudy:
    def test_every_format_is_there(self, study):
        names = _list_files(study / "images")
        assert {name.rsplit(".")[-1] for name in names} == {
            *("png", "jpg", "bmp", "tif", "dcm", "txt")
        }
        assert {"cine/sweep.dcm", "readme.txt", "png/phantom_000.png"} <= set(names)
        assert len(names) == 12 + 2

    def test_grey_and_rgb_png_are_there(self, study):
        modes = {_read_header(path)[1] for path in (study / "images/png").iterdir()}
        assert modes == {"L", "RGB"}

    def test_every_image_has_a_binary_truth_of_its_size(self, study):
        for path in (study / "images").rglob("phantom_*"):
            name = path.relative_to(study / "images").as_posix()
            truth = study / "truth" / (name if name.endswith(".png") else f"{name}.png")
            mask = np.asarray(Image.open(truth))
            assert mask.shape[::-1] == _read_header(path)[0]
            assert mask.dtype == np.uint8
            assert set(np.unique(mask)) <= {0, 255}

    def test_every_frame_of_the_cine_has_a_truth(self, study):
        frames = pydicom.dcmread(study / "images/cine/sweep.dcm").NumberOfFrames
        names = _list_files(study / "truth/cine/sweep.dcm")
        assert names == [f"{number:04d}.png" for number in range(1, frames + 1)]

    def test_table_agrees_with_truth_and_calibration(self, study):
        with (study / "phantoms.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 12 + 1
        for row in rows:
            path = study / "images" / row["image"]
            if path.suffix == ".dcm":
                (region,) = pydicom.dcmread(path).SequenceOfUltrasoundRegions
                assert region.PhysicalDeltaX * 10 == pytest.approx(
                    float(row["mm_per_pixel"]), abs=1e-6
                )
            if path.parent.name == "png":
                mask = np.asarray(Image.open(study / "truth" / row["image"]))
                assert mask.any() == (int(row["lesions"]) > 0) == (row["pathology"] != "normal")

    def test_files_of_the_study_have_unlike_instance_uids(self, study):
        headers = [pydicom.dcmread(path) for path in (study / "images").rglob("*.dcm")]
        assert len({header.SOPInstanceUID for header in headers}) == len(headers)
        assert len({header.StudyInstanceUID for header in headers}) == 1

    def test_same_seed_gives_the_same_bytes(self, study, tmp_path):
        main(["phantom", str(tmp_path), *SMALL])
        assert _list_files(tmp_path) == _list_files(study)
        for name in _list_files(study):
            assert (tmp_path / name).read_bytes() == (study / name).read_bytes()

    def test_summary_is_printed(self, tmp_path, capsys):
        main(["phantom", str(tmp_path), "--images", "1", *SMALL])
        assert "wrote 2 images (2 benign)" in capsys.readouterr().out


class TestDataset:
    def test_images_and_masks_have_the_same_names(self, dataset):
        names = [f"phantom_{index:03d}.png" for index in range(5)]
        assert _list_files(dataset / "images") == _list_files(dataset / "masks") == names

    def test_all_are_of_the_wanted_size(self, dataset):
        assert {_read_header(path)[0] for path in dataset.rglob("*.png")} == {(64, 48)}

    def test_normal_images_have_black_masks(self, dataset):
        with (dataset / "phantoms.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert {row["pathology"] for row in rows} == {"benign", "malignant", "normal"}
        for row in rows:
            mask = np.asarray(Image.open(dataset / "masks" / row["image"]))
            assert mask.any() == (row["pathology"] != "normal")


class TestArguments:
    @pytest.mark.parametrize(
        "options", [["--images", "0"], ["--seed", "-1"], ["--size", "16", "400"]]
    )
    def test_numbers_out_of_range_are_refused(self, tmp_path, capsys, options):
        assert main(["phantom", str(tmp_path), *options]) == 1
        assert "expected --images" in capsys.readouterr().err
        assert not list(tmp_path.iterdir())

    def test_unwritable_folder_is_an_error(self, tmp_path, capsys):
        (tmp_path / "out").write_text("a file")
        assert main(["phantom", str(tmp_path / "out"), *SMALL]) == 1
        assert "expected to write" in capsys.readouterr().err
