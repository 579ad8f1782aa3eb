from pathlib import Path
from typing import Any

from label.tiny_bundle import LESION, draw_image, write_bundle, write_png

from pipeline.inferers.model import Model
from pipeline.run_config import run_config


def _run(root: Path, name: str, output: str, **options: Any) -> bytes:
    folders = {"dataset_dir": str(root / name), "output_dir": str(root / output)}
    settings = {**folders, "progress": False}
    run_config("inference", bundle_root=root, settings=settings, options={}, **options)
    (mask,) = (root / output / "masks").iterdir()
    return mask.read_bytes()


def test_a_model_is_read_once_for_many_folders(tmp_path, monkeypatch):
    write_bundle(tmp_path)
    write_png(tmp_path / "a" / "image.png", draw_image())
    rows, columns = LESION
    elsewhere = (slice(rows.start + 20, rows.stop + 20), columns)
    write_png(tmp_path / "b" / "image.png", draw_image(lesion=elsewhere))
    expected = [_run(tmp_path, name, f"{name}-alone") for name in ("a", "b")]
    reads = []
    read_state = Model.read_state
    monkeypatch.setattr(Model, "read_state", lambda model: reads.append(1) or read_state(model))
    kept: dict[str, Any] = {}
    found = [_run(tmp_path, name, f"{name}-kept", kept=kept) for name in ("a", "b")]
    assert found == expected
    assert expected[0] != expected[1]
    assert len(reads) == 1
