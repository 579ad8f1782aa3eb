import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main


def _save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def busi(tmp_path: Path) -> Path:
    """30 images of each class, 8 x 12 px; a mask is the top left 3 x 4 px."""
    rng = np.random.default_rng(0)
    mask = np.zeros((8, 12), dtype=np.uint8)
    mask[:3, :4] = 255
    for kind in ("benign", "malignant", "normal"):
        for number in range(900, 930):
            stem = tmp_path / "busi" / kind / f"{kind} ({number})"
            _save(stem.with_name(f"{stem.name}.png"), rng.integers(0, 256, (8, 12), np.uint8))
            _save(stem.with_name(f"{stem.name}_mask.png"), mask * (kind != "normal"))
    return tmp_path / "busi"


def _load(out: Path) -> dict[str, dict[str, object]]:
    content = json.loads((out / "datalist.json").read_text(encoding="utf-8"))
    names = ("training", "validation", "test")
    return {item["id"]: {**item, "list": name} for name in names for item in content[name]}


class TestPrepare:
    def test_writes_a_datalist_of_existing_files(self, busi: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        assert main(["prepare", str(out), "--busi", str(busi)]) == 0
        items = _load(out)
        assert len(items) == 90
        for item in items.values():
            with Image.open(out / item["image"]) as image, Image.open(out / item["label"]) as label:
                assert image.size == label.size
                lesion = np.asarray(label)
            assert lesion.sum() == (0 if item["pathology"] == "normal" else 12 * 255)

    def test_same_input_gives_the_same_bytes(self, busi: Path, tmp_path: Path) -> None:
        contents = []
        for _ in range(2):
            main(["prepare", str(tmp_path / "out"), "--busi", str(busi)])
            files = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
            contents.append([(path, path.read_bytes()) for path in files])
        assert contents[0] == contents[1]
        assert len(contents[0]) == 93

    def test_equal_images_of_two_sets_stay_together(self, busi: Path, tmp_path: Path) -> None:
        own = tmp_path / "own"
        for number in range(900, 930):
            pixels = np.asarray(Image.open(busi / "benign" / f"benign ({number}).png"))
            _save(own / "images" / f"{number}.png", np.stack([pixels] * 3, axis=2))
            _save(own / "masks" / f"{number}.png", np.eye(8, 12, 2, np.uint8) * 255)
        main(["prepare", str(tmp_path / "out"), "--busi", str(busi), "--plain", str(own)])
        items = _load(tmp_path / "out")
        for number in range(900, 930):
            twin, image = items[f"plain/{number}"], items[f"busi/benign_{number}"]
            assert (twin["group"], twin["list"]) == (image["group"], image["list"])

    def test_broken_files_are_refused_and_named(
        self, busi: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (busi / "benign" / "benign (900).png").write_bytes(b"")
        (busi / "benign" / "benign (901)_mask.png").write_bytes(b"no image")
        _save(busi / "benign" / "benign (902)_mask.png", np.eye(12, 8, 2, np.uint8) * 255)
        out = tmp_path / "out"
        assert main(["prepare", str(out), "--busi", str(busi)]) == 0
        with (out / "refused.csv").open(encoding="utf-8") as file:
            refused = {row["id"]: row["reason"] for row in csv.DictReader(file)}
        assert set(refused) == {f"busi/benign_{number}" for number in (900, 901, 902)}
        assert refused["busi/benign_902"] == "sizes of image and mask differ"
        printed = capsys.readouterr().out
        assert "refused: 3" in printed
        assert "sizes of image and mask differ (busi/benign_902)" in printed
        assert not refused.keys() & _load(out).keys()
        assert not any((out / "labels" / f"{name}.png").exists() for name in refused)

    def test_mask_of_more_than_half_is_used_and_reported(
        self, busi: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        large = np.full((8, 12), 255, np.uint8)
        large[0] = 0
        _save(busi / "benign" / "benign (902)_mask.png", large)
        out = tmp_path / "out"
        assert main(["prepare", str(out), "--busi", str(busi)]) == 0
        with (out / "remarks.csv").open(encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
        assert (row["id"], row["source"]) == ("busi/benign_902", "busi")
        assert "busi/benign_902" in _load(out)
        printed = capsys.readouterr().out
        assert "used, but worth a look: 1" in printed
        assert "more than half of the image" in printed

    def test_label_of_an_earlier_run_goes_with_its_image(self, busi: Path, tmp_path: Path) -> None:
        main(["prepare", str(tmp_path / "out"), "--busi", str(busi)])
        (busi / "benign" / "benign (900).png").write_bytes(b"")
        main(["prepare", str(tmp_path / "out"), "--busi", str(busi)])
        assert len(list((tmp_path / "out" / "labels" / "busi").iterdir())) == 89

    def test_prints_counts_that_add_up(
        self, busi: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(["prepare", str(tmp_path / "out"), "--busi", str(busi), "--test-fold", "none"])
        rows = [line.split() for line in capsys.readouterr().out.splitlines()]
        numbers = {tuple(row[:-9]): [int(number) for number in row[-9:]] for row in rows[1:-1]}
        assert numbers["all",] == [81, 9, 0, 18, 18, 18, 18, 18, 90]
        assert numbers["busi", "benign"][-1] == 30

    def test_two_plain_folders_have_their_own_names(self, tmp_path: Path) -> None:
        arguments = ["prepare", str(tmp_path / "out")]
        for folder in ("x", "y"):
            _save(tmp_path / folder / "images" / "1.png", np.full((4, 5), ord(folder), np.uint8))
            _save(tmp_path / folder / "masks" / "1.png", np.zeros((4, 5), np.uint8))
            arguments += ["--plain", str(tmp_path / folder)]
        main(arguments)
        assert set(_load(tmp_path / "out")) == {"plain/1", "plain-2/1"}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ([], "expected at least one data set, got none"),
            (["--busi", "nowhere"], "expected the folder benign/ of BUSI"),
            (["--busi", "nowhere", "--folds", "1"], "at least 2 folds"),
        ],
    )
    def test_wrong_arguments_end_with_1(
        self,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        options: list[str],
        message: str,
    ) -> None:
        assert main(["prepare", str(tmp_path / "out"), *options]) == 1
        assert message in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_nothing_usable_ends_with_1(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _save(tmp_path / "own" / "images" / "1.png", np.zeros((4, 5), np.uint8))
        (tmp_path / "own" / "masks").mkdir()
        assert main(["prepare", str(tmp_path / "out"), "--plain", str(tmp_path / "own")]) == 1
        assert "expected at least one usable image, got none and 1 refused" in (
            capsys.readouterr().err
        )
        assert "image without a mask" in (tmp_path / "out" / "refused.csv").read_text()
