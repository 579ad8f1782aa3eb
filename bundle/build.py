"""Assemble the MONAI Bundle as a folder and as a zip: `python -m bundle.build`."""

import argparse
import io
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError, PipelineError
from pipeline.hash_file import hash_file
from pipeline.inferers.exported_network import find_export, name_checksums

NAME = "breast_us_lesion_segmentation"
"""Name of the folder and the zip. MONAI wants them equal, and MONAI Label reads the task off it."""

ROOT = Path(__file__).resolve().parents[1]

_NOT_OF_A_CONFIG = {
    *("cli", "label", "node", "phantom", "prepare", "serve", "server", "web"),
    *("import_lightly.py", "load_segmenter.py", "run_config.py"),
}
"""What no config reaches in `pipeline`: commands, servers, and what makes data sets."""

_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
"""Of every file in the zip, so that the same content gives the same bytes; zip knows none older."""

_PERMISSIONS = 0o100644 << 16
"""Regular file, readable by all, as `ZipInfo.external_attr` wants it."""


def build_bundle(dist: Path, *, weights: Path | None = None) -> Path:
    """Assemble ``dist/NAME/`` and ``dist/NAME.zip``; what an earlier build left is replaced.

    What was exported from the weights goes with them.

    Args:
        dist: folder to write to, created if missing.
        weights: the network's state_dict; `None` takes ``models/model.pt`` of the repository.

    Returns:
        Path of the zip. The same content gives the same bytes.

    Raises:
        ConfigError: a file that belongs into the bundle is missing.
        WriteError: the zip cannot be written.
    """
    sources = list_sources(ROOT / "models" / "model.pt" if weights is None else weights)
    folder = dist / NAME
    shutil.rmtree(folder, ignore_errors=True)
    for name, source in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
    digest = hash_file(folder / "models" / "model.pt")
    (folder / "models" / "model.pt.sha256").write_text(f"{digest}  model.pt\n", encoding="utf-8")
    archive = dist / f"{NAME}.zip"
    write_atomically(archive, _zip_folder(folder))
    return archive


def list_sources(weights: Path) -> dict[str, Path]:
    """List the files of a bundle.

    Args:
        weights: the network's state_dict.

    Returns:
        Path in the bundle, with forward slashes, to the file it is copied from.

    Raises:
        ConfigError: one of the files is missing.
    """
    if not weights.is_file():
        msg = (
            f"expected weights at {weights}, found none: copy model.pt of a training there, "
            "or name it with --weights"
        )
        raise ConfigError(msg)
    sources = {
        "LICENSE": ROOT / "LICENSE",
        "README.md": ROOT / "bundle" / "README.md",  # where the Hugging Face Hub looks for it
        "docs/README.md": ROOT / "bundle" / "README.md",
        "docs/data_license.txt": ROOT / "bundle" / "data_license.txt",
        "docs/failures.png": ROOT / "docs" / "failures.png",
        "docs/training.json": ROOT / "bundle" / "evaluation" / "training.json",
        "models/model.pt": weights,
    }
    if export := find_export(weights, hash_file(weights), None):
        sources["models/model.onnx"] = export
        sources["models/model.onnx.sha256"] = name_checksums(export)
    for path in sorted((ROOT / "configs").glob("*")):
        sources[f"configs/{path.name}"] = path
    for path in sorted((ROOT / "pipeline").rglob("*")):
        if path.is_file() and _belongs_to_package(path):
            sources[path.relative_to(ROOT).as_posix()] = path
    missing = [path for path in sources.values() if not path.is_file()]
    if missing:
        msg = f"expected the file {missing[0]} for the bundle, found none"
        raise ConfigError(msg)
    return sources


def _belongs_to_package(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    if parts[1] in _NOT_OF_A_CONFIG:
        return False
    return not any(part == "__pycache__" or part.startswith(".") for part in parts)


def _zip_folder(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder.parent).as_posix()
            entry = zipfile.ZipInfo(name, date_time=_TIMESTAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, also when built on Windows
            entry.external_attr = _PERMISSIONS
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    """Build, and print where it is.

    Args:
        argv: arguments after the program's name; `None` takes those of the process.

    Returns:
        The exit code: 0, or 1 if something is missing.
    """
    parser = argparse.ArgumentParser(description="Assemble the MONAI Bundle as folder and zip.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="folder to write to")
    parser.add_argument("--weights", type=Path, help="other weights than models/model.pt")
    args = parser.parse_args(argv)
    try:
        archive = build_bundle(args.dist, weights=args.weights)
    except PipelineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"wrote {archive} ({archive.stat().st_size / 1e6:.1f} MB), sha256 {hash_file(archive)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
