"""Which DICOM is read and which refused, into docs/dicom.md: `python benchmarks/dicom_support.py`.

A picture with gradients, patches of colour and a mark that no mirroring leaves in its place is
written in every transfer syntax and every photometric interpretation, read, and compared with
what independent decoders make of the same file (`tests/readers/independent.py`). Then the bad
files of `tests/bad_files` are tried. Needs the extras `dev` and `video`, and dcmtk's command line
tools.
"""

import argparse
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from dicom_encoders import ROOT_UID, SYNTAXES, Content, Samples, make_palette, to_ybr
from numpy.typing import NDArray
from pages import replace_between
from pydicom.pixels.encoders.base import ENCODING_PROFILES
from pydicom.uid import UID, RLELossless

from pipeline.errors import ReadError, SkippedError
from pipeline.readers import UltrasoundReader

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "readers")]

from independent import DECODERS, HTJ2K, JPEG_2000, JPEG_DCT, NATIVE, NotDecodedError  # noqa: E402

PAGE = ROOT / "docs" / "dicom.md"
BEGIN = "<!-- encodings: made by python benchmarks/dicom_support.py -->"
END = "<!-- end of encodings -->"
BAD_BEGIN = "<!-- bad input: made by python benchmarks/dicom_support.py -->"
BAD_END = "<!-- end of bad input -->"

TOOLS = ("dcmj2pnm", "dcml2pnm", "dcmcjpeg", "dcmcjpls")
PACKAGES = ("imagecodecs", "av")

LEGEND = (
    "Letters: read, and no pixel differs by more than 2 of 255 grey levels from what another"
    " program makes of the same file: **D** dcmtk, **F** FFmpeg, **O** OpenJPH, **I** imagecodecs,"
    " **N** numpy after PS3.5. **V**: read with the extra `video`, and it shows the picture that"
    " was encoded, within 6 grey levels in the mean. **no**: refused, with the reason"
    " in the last column. **·**: PS3.5 does not have the combination (YBR_FULL in JPEG baseline it"
    " does not have either, but files do).",
    "",
    "Of UIDs, the end after `1.2.840.10008.1.2` is shown.",
)

TOLERANCE = 2
"""Grey levels between this reader and another decoder."""
_LOSS = 6
"""Grey levels, in the mean, that a lossy encoder may cost; more means that it wrote nonsense."""
_ROWS, _COLUMNS = 96, 128
_FIRST_COLUMN = "MONOCHROME2 8 bit"
"""What is tried of a transfer syntax that is not expected to be read at all."""


def draw() -> NDArray[np.uint8]:
    """Draw the picture, (H, W, 3) RGB; no colour of it is clipped on the way through YBR."""
    down, across = np.mgrid[:_ROWS, :_COLUMNS]
    grey = 40 + across * 0.9 + down * 0.6
    picture: NDArray[np.float64] = np.dstack([grey] * 3)
    for number, colour in enumerate([(200, 60, 60), (60, 180, 60), (70, 70, 200), (190, 180, 40)]):
        picture[60:84, 8 + 28 * number : 30 + 28 * number] = colour
    picture[8:20, 10:42] = 225
    picture[20:44, 10:18] = 225
    return np.rint(picture).astype(np.uint8)


def luma(rgb: Samples) -> Samples:
    """ITU-R BT.601 of (..., 3), in whole numbers."""
    return np.asarray(np.rint(rgb @ np.array([0.299, 0.587, 0.114])))


def make_contents() -> dict[str, list[Content]]:
    """Make what is stored, by the name of the column; all of it shows the picture."""
    rgb = draw()
    grey = luma(rgb).astype(np.uint8)
    wide = [np.rint(grey / 255 * (2**bits - 1)).astype(np.uint16) for bits in (12, 16)]
    palettes = [Content("PALETTE COLOR", 255 - grey, 8, 0, make_palette(bits)) for bits in (8, 16)]
    return {
        "MONOCHROME1": [Content("MONOCHROME1", 255 - grey)],
        _FIRST_COLUMN: [Content("MONOCHROME2", grey)],
        "MONOCHROME2 12 and 16 bit": [
            Content("MONOCHROME2", wide[0], 12),
            Content("MONOCHROME2", wide[1], 16),
        ],
        "RGB": [Content("RGB", rgb)],
        "RGB planar": [Content("RGB", rgb, planar=1)],
        "YBR_FULL": [Content("YBR_FULL", to_ybr(rgb))],
        "YBR_FULL_422": [Content("YBR_FULL_422", to_ybr(rgb))],
        "YBR_RCT, YBR_ICT": [Content("YBR_RCT", rgb), Content("YBR_ICT", rgb)],
        "PALETTE COLOR 8 bit": palettes[:1],
        "PALETTE COLOR 16 bit": palettes[1:],
        "YBR_PARTIAL_420": [Content("YBR_PARTIAL_420", rgb)],
    }


def is_defined(uid: str, content: Content) -> bool:
    """Return whether PS3.5 section 8.2 has the combination; pydicom has its tables."""
    photometric, samples = content.photometric, content.samples
    if uid in _VIDEO or photometric == "YBR_PARTIAL_420":
        return uid in _VIDEO and photometric == "YBR_PARTIAL_420"
    if uid in NATIVE:
        return photometric not in {"YBR_RCT", "YBR_ICT"}
    if content.planar and uid != RLELossless:
        return False
    if (uid, photometric) in _SEEN:
        return True
    table = {f"{ROOT_UID}.4.203": f"{ROOT_UID}.4.91"}.get(uid, uid)
    table = f"{ROOT_UID}.4.90" if uid in HTJ2K and uid == table else table
    return any(
        (name, count) == (photometric, 3 if samples.ndim == 3 else 1)
        and 8 * samples.dtype.itemsize in allocated
        and content.bits in stored
        for name, count, _, allocated, stored in ENCODING_PROFILES.get(UID(table), [])
    )


_VIDEO = {uid for uid in SYNTAXES if uid.rpartition(".")[2] in {str(n) for n in range(100, 109)}}
_WHOLLY_REFUSED = {
    f"{ROOT_UID}{tail}"
    for tail in (".1.98", ".8.1", *(f".4.{n}" for n in (92, 93, 94, 95, 110, 111, 112, 204, 205)))
}
"""Syntaxes without a table in pydicom, nor a decoder."""
_SEEN = {(f"{ROOT_UID}.4.50", "YBR_FULL")}
"""What the tables do not have, but dcmtk writes."""


def try_syntax(uid: str, contents: dict[str, list[Content]], folder: Path) -> dict[str, str]:
    """Fill a line of the table."""
    cells: dict[str, str] = {}
    if uid in _WHOLLY_REFUSED:
        result = _try_content(uid, contents[_FIRST_COLUMN][0], folder)
        return dict.fromkeys(contents, result)
    for column, variants in contents.items():
        defined = [content for content in variants if is_defined(uid, content)]
        results = [_try_content(uid, content, folder) for content in defined]
        cells[column] = " ".join(dict.fromkeys(results)) if results else "·"
    return cells


def _try_content(uid: str, content: Content, folder: Path) -> str:
    path = folder / "image.dcm"
    _, write = SYNTAXES[uid]
    write(path, content, uid)
    try:
        reader = UltrasoundReader()
        grey = reader.get_data(reader.read(f"{path}#frame=1"))[0][0]
    except ReadError as error:
        return f"no: {error}"
    wanted = luma(draw())
    if np.abs(grey - wanted).mean() > _LOSS:
        return "WRONG"
    if uid in _VIDEO:
        second = reader.get_data(reader.read(f"{path}#frame=2"))[0][0]
        return "V" if np.abs(second - wanted[::-1]).mean() < _LOSS else "WRONG"
    equal = ""
    for decoder in DECODERS:
        # GDCM is what pydicom decodes with: it proves nothing.
        if uid not in decoder.syntaxes or decoder.name == "gdcm":
            continue
        try:
            expected = decoder.decode(path, 0)
        except NotDecodedError:
            continue
        if (np.abs(grey - expected) > TOLERANCE).any():
            return f"differs from {decoder.name}"
        equal += "D" if decoder.name == "dcmtk" else _letter(uid, content)
    return equal or "read, but by no other decoder"


def _letter(uid: str, content: Content) -> str:
    if uid in JPEG_DCT and content.bits > 8:
        return "I"
    if uid in JPEG_DCT or uid in JPEG_2000 or uid in {f"{ROOT_UID}.4.80", f"{ROOT_UID}.4.81"}:
        return "F"
    return "O" if uid in HTJ2K else "N" if uid in NATIVE else "I"


def format_table(lines: dict[str, dict[str, str]]) -> str:
    """Write the lines as Markdown; what is not read goes into its last column."""
    columns = list(next(iter(lines.values())))
    rows = [
        f"| Transfer syntax | {' | '.join(columns)} | not read |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for uid, cells in lines.items():
        reasons = dict.fromkeys(
            cell.removeprefix("no: ") for cell in cells.values() if cell.startswith("no: ")
        )
        texts = ["no" if cell.startswith("no: ") else cell for cell in cells.values()]
        name = f"{SYNTAXES[uid][0]} `{uid.removeprefix(ROOT_UID) or uid}`"
        rows.append(f"| {name} | {' | '.join(texts)} | {'; '.join(reasons)} |")
    rows += ["", *LEGEND]
    return "".join(f"{row}\n" for row in rows)


def try_bad_files() -> tuple[str, list[str]]:
    """Tell as Markdown what becomes of damaged and malicious files, and of which another thing.

    Only those that are what they are outside a folder are read here; what a run makes of the
    others is a test of its own.
    """
    from bad_files import BAD_FILES

    wrong = []
    rows = ["| File | what it is | becomes | remark or reason |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for bad in BAD_FILES:
            if bad.in_run_only:
                continue
            path = Path(folder) / bad.name
            bad.write(path)
            verdict, reason = _judge(path)
            path.unlink(missing_ok=True)
            if verdict not in bad.expected:
                wrong.append(f"{bad.name}: expected to be {bad.expected}, got {verdict}")
            rows.append(f"| {bad.name} | {bad.what} | {verdict} | {reason.replace('|', ',')} |")
    return "".join(f"{row}\n" for row in rows), wrong


def _judge(path: Path) -> tuple[str, str]:
    try:
        reader = UltrasoundReader()
        reader.get_data(reader.read(f"{path}#frame=1"))
    except SkippedError as error:
        return "skipped", str(error)
    except ReadError as error:
        return "failed", str(error)
    except Exception as error:  # which the reader has to turn into one of its own
        return "crashed", type(error).__name__
    return "taken", "; ".join(reader.open(path).remarks)


def main() -> None:
    """Write both tables."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    missing += [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; see the first lines of {Path(__file__).name}")
    contents = make_contents()
    with tempfile.TemporaryDirectory() as folder:
        lines = {uid: try_syntax(uid, contents, Path(folder)) for uid in SYNTAXES}
    replace_between(PAGE, BEGIN, END, format_table(lines))
    bad_files, wrong = try_bad_files()
    replace_between(PAGE, BAD_BEGIN, BAD_END, bad_files)
    wrong += [
        f"{SYNTAXES[uid][0]}, {column}: {cell}"
        for uid, cells in lines.items()
        for column, cell in cells.items()
        if cell.startswith(("WRONG", "differs", "read, but"))
    ]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
