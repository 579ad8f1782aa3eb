"""What of odd files is read right, into docs/dicom.md: `python benchmarks/odd_files.py`.

Every member of `tests/dicom_kinds` and `tests/raster_kinds` is built around pictures that are
known, and read frame by frame: right, refused, or wrong, which none may be. What dcmtk shows of
the same DICOM file stands beside it. Needs the extra `dev`, and dcmtk's command line tools.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from pages import replace_between
from PIL import Image

from pipeline.errors import ReadError
from pipeline.readers.dicom.dicom_source import DicomSource
from pipeline.readers.open_image import open_image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from dicom_kinds import MEMBERS, Member  # noqa: E402
from raster_kinds import MEMBERS as RASTERS  # noqa: E402

PAGE = ROOT / "docs" / "dicom.md"
BEGIN = "<!-- kinds: made by python benchmarks/odd_files.py -->"
END = "<!-- end of kinds -->"
TOOLS = ("dcmj2pnm", "dcml2pnm")
LUMA = np.array([0.299, 0.587, 0.114])


def judge(member: Member, path: Path) -> str:
    """Read every frame, and tell `right`, `refused` or `wrong`."""
    try:
        source = DicomSource(path)
    except ReadError:
        return "refused"
    verdicts = []
    for index, expected in enumerate(member.frames):
        try:
            grey = source.read(index)
        except ReadError:
            verdicts.append("right" if expected is None else "refused")
            continue
        if expected is None or grey.shape != expected.shape:
            verdicts.append("wrong")
            continue
        off = np.abs(grey - expected).max()
        verdicts.append("right" if off <= member.tolerance else "wrong")
    if "wrong" in verdicts:
        return "wrong"
    is_shown = any(frame is not None for frame in member.frames)
    return "right" if is_shown and "refused" not in verdicts else "refused"


def judge_raster(member: Member, path: Path) -> str:
    """Read every page, and tell `right`, `refused` or `wrong`."""
    try:
        source = open_image(path)
        frames = [source.read(index) for index in range(source.frames)]
    except ReadError:
        return "refused"
    wanted = [np.asarray(expected, float) for expected in member.frames]
    if [frame.shape for frame in frames] != [expected.shape for expected in wanted]:
        return "wrong"
    pairs = zip(frames, wanted, strict=True)
    off = max(np.abs(frame - expected).max() for frame, expected in pairs)
    return "right" if off <= member.tolerance else "wrong"


def judge_dcmtk(member: Member, path: Path) -> bool:
    """Return whether dcmtk shows every frame that is not lost."""
    picture = path.with_suffix(".pnm")
    for index, expected in enumerate(member.frames):
        if expected is None:
            continue
        for tool in TOOLS:
            picture.unlink(missing_ok=True)
            frame = ["--no-overlays", "--frame", str(index + 1), "--write-raw-pnm"]
            command = [tool, *frame, str(path), str(picture)]
            subprocess.run(command, capture_output=True, check=False)
            if picture.exists():
                break
        if not picture.exists():
            return False
        with Image.open(picture) as image:
            pixels = np.asarray(image, np.float64)
        grey = pixels if pixels.ndim == 2 else np.rint(pixels @ LUMA)
        if grey.shape != expected.shape or np.abs(grey - expected).max() > member.tolerance + 1:
            return False
    return True


def main() -> None:
    """Write the table, and fail if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-dcmtk", action="store_true", help="leave out its column")
    arguments = parser.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing and not arguments.without_dcmtk:
        sys.exit(f"missing: {', '.join(missing)}; see the first lines of {Path(__file__).name}")
    counts: dict[str, Counter[str]] = {}
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "member.dcm"
        for number, member in enumerate((*MEMBERS, *RASTERS)):
            is_raster = number >= len(MEMBERS)
            path.write_bytes(member.make())
            verdict = (judge_raster if is_raster else judge)(member, path)
            count = counts.setdefault(member.kind, Counter())
            count.update(["tried", verdict])
            if not (arguments.without_dcmtk or is_raster) and judge_dcmtk(member, path):
                count.update(["dcmtk"])
            if verdict == "wrong":
                wrong.append(member.title)
    columns = ["tried", "right", "refused", "wrong"]
    columns += [] if arguments.without_dcmtk else ["dcmtk"]
    titles = [*columns[:4], *(["shown right by dcmtk"] if len(columns) > 4 else [])]
    rasters = {member.kind for member in RASTERS}
    total = sum(counts.values(), Counter())
    rows = [f"| kind | {' | '.join(titles)} |", "|---" * (len(columns) + 1) + "|"]
    for kind, count in [*counts.items(), ("**all**", total)]:
        cells = [str(count[column]) for column in columns]
        cells[4:] = ["·"] if kind in rasters and len(cells) > 4 else cells[4:]
        rows.append(f"| {kind} | {' | '.join(cells)} |")
    replace_between(PAGE, BEGIN, END, "".join(f"{row}\n" for row in rows))
    if wrong:
        sys.exit("wrong: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
