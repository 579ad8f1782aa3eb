"""The shipped weights on real images, where BREAST_US_DATA names a folder that has some.

The weights were trained on most of these images: the scores say whether anything has changed, not
how good they are.

Expected in it: BUSI, `BUSBRA/` and BrEaST in their published layouts, `dicom_us/`
with ultrasound DICOM, `monai/` with the metadata schema.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "bundle" / "evaluation"
EVERY = 12
"""Share of the test images that is scored here: one in so many."""


def read_scores(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_evaluation_gives_the_published_scores(data_dir: Path, tmp_path: Path) -> None:
    prepared = tmp_path / "data"
    folders = {
        "--busi": "Dataset_BUSI_with_GT",
        "--busbra": "BUSBRA",
        "--breast": "BrEaST-Lesions_USG-images_and_masks",
    }
    sets = [word for option, name in folders.items() for word in (option, str(data_dir / name))]
    assert main(["prepare", str(prepared), *sets]) == 0
    datalist = json.loads((prepared / "datalist.json").read_text())
    datalist["test"] = datalist["test"][::EVERY]
    (prepared / "datalist.json").write_text(json.dumps(datalist))

    assert main(["evaluate", str(prepared), str(tmp_path / "eval")]) == 0

    published = read_scores(PUBLISHED / "per_image.csv")
    scores = read_scores(tmp_path / "eval" / "per_image.csv")
    assert len(scores) == len(datalist["test"]) > 30
    for name, row in scores.items():
        expected = published[name]["dice"]
        assert bool(row["dice"]) == bool(expected)
        if expected:
            assert float(row["dice"]) == pytest.approx(float(expected), abs=0.02), name


# One of the files spells its character set wrongly, of which pydicom warns.
@pytest.mark.filterwarnings("ignore:Incorrect value for Specific Character Set:UserWarning")
def test_real_dicom_gives_masks_of_its_size(data_dir: Path, tmp_path: Path) -> None:
    import pydicom

    assert main(["infer", str(data_dir / "dicom_us"), str(tmp_path)]) == 0

    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    done = [row for row in rows if row["status"] in {"ok", "no_lesion"}]
    assert len({row["file"] for row in done}) == 7
    for row in done:
        header = pydicom.dcmread(data_dir / "dicom_us" / row["file"], stop_before_pixels=True)
        name = row["file"] + (f"/{int(row['frame']):04d}.png" if row["frame"] else ".png")
        with Image.open(tmp_path / "masks" / name) as mask:
            assert mask.mode == "L"
            assert mask.size == (header.Columns, header.Rows)
            assert set(np.unique(np.asarray(mask))) <= {0, 255}


def test_metadata_follows_the_published_schema(data_dir: Path) -> None:
    import jsonschema

    schema = json.loads((data_dir / "monai" / "meta_schema_20240725.json").read_text())
    metadata = json.loads((ROOT / "configs" / "metadata.json").read_text())
    jsonschema.validate(metadata, schema)
