"""How much memory the largest images take: `python benchmarks/memory.py`.

Writes images of 64 megapixels, the most that is read, in several formats, and segments each by the
command as a user does: with masks only, and with everything. It prints the most memory of the
process, and of it and its decoder together, as /proc has them. Takes a minute for each line on an
idle machine; `--only NAME` does one.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from speed_machine import MASKS_ONLY, infer, run

from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.phantom.phantom_pixels import DicomKind

SIDE = 8000
"""Rows and columns."""

MOST_MIB = 1024
"""What no line may exceed."""

_DRAWN_SIDE = 500
_MM = 0.008
_EVERYTHING = ("--set", "outputs#sc=false")

Images = NDArray[np.uint8]


def draw(side: int) -> Images:
    """Draw a phantom, enlarged and with the noise of a camera.

    Args:
        side: rows and columns.

    Returns:
        (side, side) uint8.
    """
    image = Image.fromarray(make_phantom(1, shape=(_DRAWN_SIDE, _DRAWN_SIDE)).image)
    large = np.array(image.resize((side, side), Image.Resampling.BICUBIC))
    noise = np.random.default_rng(0).integers(0, 8, (512, side), np.uint8)
    for top in range(0, side, len(noise)):
        part = large[top : top + len(noise)]
        np.bitwise_xor(part, noise[: len(part)], out=part, where=part > 0)
    return large


def _colour(grey: Images) -> Images:
    return np.repeat(grey[..., None], 3, axis=2)


def _save(path: Path, values: NDArray[np.generic]) -> None:
    Image.fromarray(values).save(path, compress_level=1) if path.suffix == ".png" else (
        Image.fromarray(values).save(path)
    )


def _save_nifti(path: Path, values: NDArray[np.generic]) -> None:
    affine = np.diag([-_MM, -_MM, 1, 1])
    nibabel.save(nibabel.Nifti1Image(values.T, affine, dtype=values.dtype), path)


def _save_dicom(path: Path, values: Images) -> None:
    kind = DicomKind.RGB if values.ndim > 2 else DicomKind.MONOCHROME2
    write_phantom_dicom(path, values, kind=kind, mm_per_pixel=(_MM, _MM))


WRITERS: dict[str, tuple[str, Callable[[Path, Images], None]]] = {
    "PNG, grey": ("x.png", _save),
    "PNG, RGB": ("x.png", lambda path, grey: _save(path, _colour(grey))),
    "PNG, grey of 16 bits": ("x.png", lambda path, grey: _save(path, grey.astype(np.uint16) * 257)),
    "TIFF, uncompressed": ("x.tif", _save),
    "TIFF, RGB": ("x.tif", lambda path, grey: _save(path, _colour(grey))),
    "JPEG, RGB": ("x.jpg", lambda path, grey: _save(path, _colour(grey))),
    "NIfTI": ("x.nii", _save_nifti),
    "NIfTI, 16 bits, compressed": (
        "x.nii.gz",
        lambda path, grey: _save_nifti(path, grey * np.uint16(257)),
    ),
    "DICOM, uncompressed": ("x.dcm", _save_dicom),
    "DICOM, RGB": ("x.dcm", lambda path, grey: _save_dicom(path, _colour(grey))),
}
"""Name of the file, and what writes it."""


def measure(only: str = "", side: int = SIDE) -> dict[str, dict[str, float]]:
    """Segment one image of each format.

    Args:
        only: the beginning of the names of the formats.
        side: rows and columns of the image.

    Returns:
        By format and outputs: ``process`` and ``all`` in MiB, ``seconds``.
    """
    grey, found = draw(side), {}
    for name, (file, write) in WRITERS.items():
        if not name.startswith(only):
            continue
        for outputs, options in (("masks", MASKS_ONLY), ("everything", _EVERYTHING)):
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / "in"
                source.mkdir()
                write(source / file, grey)
                usage = run(infer(source, Path(folder) / "out", *options))
                table = (Path(folder) / "out" / "results.csv").read_text()
            if "\nx." not in table or ",ok," not in table:
                msg = f"expected a lesion, got {table}"
                raise RuntimeError(msg)
            row = {"process": usage.peak_mib, "all": usage.tree_mib, "seconds": usage.wall}
            found[f"{name}: {outputs}"] = row
            print(json.dumps({f"{name}: {outputs}": row}), flush=True)
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="beginning of the name of a format")
    parser.add_argument("--side", type=int, default=SIDE, help="rows and columns")
    arguments = parser.parse_args()
    rows = measure(arguments.only, arguments.side)
    print("| 64 megapixels | process, MiB | with its decoder, MiB |\n|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {row['process']:.0f} | {row['all']:.0f} |")
    if max(max(row["process"], row["all"]) for row in rows.values()) > MOST_MIB:
        raise SystemExit(f"expected at most {MOST_MIB} MiB")


if __name__ == "__main__":
    main()
