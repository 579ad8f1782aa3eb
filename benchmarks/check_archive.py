"""How long `breast-us-seg check` takes for an archive: `python benchmarks/check_archive.py`.

Stills of every photometric interpretation, each with a SOPInstanceUID of its own, are written to
a temporary folder, 500 to a subfolder.
"""

import argparse
import io
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from pipeline.cli.main import main as run_command
from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset
from pipeline.writers.dicom.encode_object import encode_object

_PER_FOLDER = 500
_UID_DIGITS = 6


def main() -> None:
    """Print seconds and files a second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    args = parser.parse_args()
    image = np.random.default_rng(0).integers(0, 256, (160, 200), dtype=np.uint8)
    sources = [
        make_phantom_dataset(image, kind=kind, mm_per_pixel=(0.1, 0.1)) for kind in DicomKind
    ]
    contents = [(encode_object(source), source.SOPInstanceUID.encode()) for source in sources]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.files):
            content, uid = contents[number % len(contents)]
            own = uid[:-_UID_DIGITS] + f"{100_000 + number:06d}".encode()
            path = Path(folder) / f"{number // _PER_FOLDER:03d}" / f"{number:06d}.dcm"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.replace(uid, own))
        started, printed = time.perf_counter(), io.StringIO()
        with redirect_stdout(printed):
            run_command(["check", folder, "--quiet"])
        seconds = time.perf_counter() - started
    print(f"{args.files} files in {seconds:.1f} s, {args.files / seconds:.0f} files a second")


if __name__ == "__main__":
    main()
