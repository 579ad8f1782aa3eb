"""The container's entry point."""

from pathlib import Path

import pydicom
import pytest
from label.tiny_bundle import draw_image, write_bundle

from pipeline.cli.main import main
from pipeline.phantom.phantom_dicom import write_phantom_dicom

VARIABLES = [
    ("MERCURE_IN_DIR", "MERCURE_OUT_DIR"),
    ("MONAI_INPUTPATH", "MONAI_OUTPUTPATH"),
    ("HOLOSCAN_INPUT_PATH", "HOLOSCAN_OUTPUT_PATH"),
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    for pair in VARIABLES:
        for name in pair:
            monkeypatch.delenv(name, raising=False)
    write_bundle(tmp_path / "bundle")
    for number in range(2):
        write_phantom_dicom(tmp_path / "in" / f"{number}.dcm", draw_image(seed=number))
    (tmp_path / "out").mkdir()
    return tmp_path


def _list(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("names", VARIABLES[1:])
def test_platforms_get_what_infer_writes(place, monkeypatch, names):
    monkeypatch.setenv(names[0], str(place / "in"))
    monkeypatch.setenv(names[1], str(place / "out"))
    assert main(["module", "--bundle-root", str(place / "bundle")]) == 0
    assert _list(place / "out") >= {"seg/0.dcm", "sr/1.dcm", "results.csv", "masks/0.dcm.png"}


def test_mercure_gets_dicom_alone(place, monkeypatch):
    """As the platform starts it: mercure sets all pairs, to the same folders."""
    (place / "in" / "broken.dcm").write_bytes((place / "in" / "0.dcm").read_bytes()[:600])
    (place / "in" / "task.json").write_text("{}")
    for source, output in VARIABLES:
        monkeypatch.setenv(source, str(place / "in"))
        monkeypatch.setenv(output, str(place / "out"))
    monkeypatch.chdir(place)
    before = _list(place) - _list(place / "out")
    assert main(["module", "--bundle-root", str(place / "bundle")]) == 2
    assert {name for name in _list(place) if not name.startswith("out/")} == before
    assert _list(place / "out") == {
        f"{kind}-000{number}.dcm" for kind in ("seg", "sr") for number in (1, 2)
    }
    kinds = {pydicom.dcmread(path).Modality for path in (place / "out").iterdir()}
    assert kinds == {"SEG", "SR"}


def test_without_folders_it_tells_which_are_expected(place, capsys):
    assert main(["module"]) == 1
    told = capsys.readouterr().err
    assert all(name in told for pair in VARIABLES for name in pair)


def test_half_a_pair_is_refused(place, monkeypatch, capsys):
    monkeypatch.setenv("MERCURE_IN_DIR", str(place / "in"))
    assert main(["module"]) == 1
    assert "MERCURE_OUT_DIR" in capsys.readouterr().err
