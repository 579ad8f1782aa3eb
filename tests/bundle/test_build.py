import ast
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from monai.bundle import run
from PIL import Image

from bundle.build import NAME, ROOT, build_bundle, main
from pipeline.hash_file import hash_file
from pipeline.inferers.exported_network import describe_export, find_export, name_checksums

LAUNCHER = Path(__file__).with_name("run_offline.py")


def run_bundle(root: Path, *options: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a bundle's inference by `python -m monai.bundle`, as a user without a checkout does."""
    hidden = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    command = (sys.executable, str(LAUNCHER), "monai.bundle", "run")
    config = root / "configs" / "inference.json"
    return subprocess.run(
        [*command, "--bundle_root", str(root), "--config_file", str(config), *options],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name not in hidden},
        capture_output=True,
        text=True,
        check=False,
    )


def test_holds_what_belongs_into_a_bundle_and_no_more(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        paths = [PurePosixPath(name) for name in opened.namelist()]
    assert {path.parts[0] for path in paths} == {NAME}
    names = {str(PurePosixPath(*path.parts[1:])) for path in paths}
    assert names >= {
        "LICENSE",
        "configs/metadata.json",
        "configs/inference.json",
        "configs/train.json",
        "configs/evaluate.json",
        "configs/logging.conf",
        "docs/README.md",
        "docs/data_license.txt",
        "models/model.pt",
        "models/model.pt.sha256",
        "pipeline/__init__.py",
        "pipeline/segmenter.py",
    }
    folders = {PurePosixPath(name).parts[0] for name in names}
    assert folders == {"LICENSE", "README.md", "configs", "docs", "models", "pipeline"}
    assert not [name for name in names if "/__pycache__/" in name or "/." in name]


def test_the_card_that_the_hugging_face_hub_reads_has_its_head_and_its_picture(
    archive: Path,
) -> None:
    with zipfile.ZipFile(archive) as opened:
        card = opened.read(f"{NAME}/README.md").decode()
        assert card.startswith('---\nlicense: "apache-2.0"\n')
        for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", card):
            assert opened.read(f"{NAME}/{picture}")


def test_its_modules_import_nothing_that_is_left_out(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    root = tmp_path / NAME
    missing = set()
    for path in (root / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
                module = root / str(node.module).replace(".", "/")
                if not (module.is_dir() or module.with_suffix(".py").is_file()):
                    missing.add(node.module)
    assert not missing
    assert not (root / "pipeline" / "label").exists()


def test_holds_the_export_of_its_weights(weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model.pt"
    shutil.copyfile(weights, copy)
    export = tmp_path / "model.onnx"
    export.write_bytes(b"network")
    sums = describe_export(export, "model.pt", hash_file(copy), None)
    name_checksums(export).write_text(sums)
    build_bundle(tmp_path / "dist", weights=copy)
    built = tmp_path / "dist" / NAME / "models" / "model.pt"
    assert find_export(built, hash_file(built), None) is not None


def test_same_content_gives_same_bytes(archive: Path, weights: Path, tmp_path: Path) -> None:
    build_bundle(tmp_path, weights=weights)
    (tmp_path / NAME / "left_over.txt").touch()
    again = build_bundle(tmp_path, weights=weights)
    assert again.read_bytes() == archive.read_bytes()


def test_hash_is_that_of_the_weights(unpacked: Path) -> None:
    text = (unpacked / "models" / "model.pt.sha256").read_text()
    assert text == f"{hash_file(unpacked / 'models' / 'model.pt')}  model.pt\n"


def test_missing_weights_end_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--dist", str(tmp_path), "--weights", str(tmp_path / "model.pt")]) == 1
    assert "expected weights at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_runs_from_a_foreign_folder_offline(unpacked: Path, images: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    done = run_bundle(
        unpacked,
        *("--dataset_dir", str(images), "--output_dir", str(results)),
        cwd=foreign,
    )
    assert done.returncode == 0, done.stderr
    assert f"pipeline: {unpacked / 'pipeline' / '__init__.py'}" in done.stdout
    assert str(ROOT / "pipeline") not in done.stderr
    with (results / "results.csv").open(encoding="utf-8", newline="") as file:
        statuses = {row["file"]: row["status"] for row in csv.DictReader(file)}
    assert statuses.pop("readme.txt", "skipped") == "skipped"
    assert set(statuses.values()) <= {"ok", "no_lesion"}
    name = "png/phantom_000.png"
    with Image.open(results / "masks" / name) as mask, Image.open(images / name) as image:
        assert mask.size == image.size
    assert list(foreign.iterdir()) == []


def test_refuses_damaged_weights(unpacked: Path, images: Path, tmp_path: Path) -> None:
    with (unpacked / "models" / "model.pt").open("ab") as file:
        file.write(b"x")
    with pytest.raises(SystemExit, match="it is damaged or replaced"):  # one line, and exit code 1
        run(
            config_file=str(unpacked / "configs" / "inference.json"),
            logging_file=False,  # would switch off the loggers of other tests
            bundle_root=str(unpacked),
            dataset_dir=str(images),
            output_dir=str(tmp_path / "results"),
        )
    assert not (tmp_path / "results").exists()


def test_has_the_version_that_its_metadata_tells(unpacked: Path) -> None:
    metadata = json.loads((unpacked / "configs" / "metadata.json").read_text("utf-8"))
    assert f'"{metadata["version"]}"' in (unpacked / "pipeline" / "__init__.py").read_text("utf-8")
