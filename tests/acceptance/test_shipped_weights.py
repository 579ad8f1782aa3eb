"""The shipped weights on real images, where BREAST_US_DATA names a folder that has some.

The weights were trained on most of these images: the scores say whether anything has changed, not
how good they are.

Expected in it: BUSI, `BUSBRA/` and BrEaST in their published layouts, `dicom_us/`
with ultrasound DICOM, `monai/` with the metadata schema.
"""

import csv
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "bundle" / "evaluation"
EVERY = 2
"""Share of the published images that is scored here: one in so many."""

SETS = {
    "busi": "Dataset_BUSI_with_GT",
    "busbra": "BUSBRA",
    "breast": "BrEaST-Lesions_USG-images_and_masks",
}


def read_scores(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def list_files(source: str, name: str) -> list[str]:
    """Give patterns of the files of an image of a data set, as `busi/benign_022`."""
    number = name.rpartition("_")[2]
    if source == "busi":
        kind = name.partition("_")[0]
        return [f"{kind}/{kind} ({int(number)}){end}.png" for end in ("", "_mask", "_mask_?")]
    if source == "busbra":
        return [f"Images/{name}.png", f"Masks/mask_{number}.png", "bus_data.csv"]
    return [f"{name}.png", f"{name}_*.png"]


def link_sets(data_dir: Path, to: Path, ids: Iterable[str]) -> None:
    """Lay out the data sets as published, with some of their images only."""
    shutil.copyfile(next(data_dir.rglob("BrEaST*.xlsx")), to / "clinical data.xlsx")
    for source, _, name in (identity.partition("/") for identity in ids):
        root = data_dir / SETS[source]
        for path in (path for pattern in list_files(source, name) for path in root.glob(pattern)):
            link = to / SETS[source] / path.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(path)


def test_evaluation_gives_the_published_scores(data_dir: Path, tmp_path: Path) -> None:
    published = dict(list(read_scores(PUBLISHED / "per_image.csv").items())[::EVERY])
    assert len(published) >= 20
    link_sets(data_dir, tmp_path, published)
    prepared = tmp_path / "data"
    sets = [word for name, folder in SETS.items() for word in (f"--{name}", str(tmp_path / folder))]
    options = ("--test-fold", "none", "--validation-fraction", "0")
    assert main(["prepare", str(prepared), *sets, *options]) == 0
    datalist = json.loads((prepared / "datalist.json").read_text())
    datalist["test"] = datalist.pop("training")
    (prepared / "datalist.json").write_text(json.dumps({**datalist, "training": []}))

    assert main(["evaluate", str(prepared), str(tmp_path / "eval")]) == 0

    scores = read_scores(tmp_path / "eval" / "per_image.csv")
    assert scores.keys() == published.keys()
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
