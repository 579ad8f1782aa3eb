"""A folder of your own images and masks."""

import re
import unicodedata
from collections import defaultdict
from pathlib import Path, PureWindowsPath

from pipeline.errors import DatasetError, ReadError
from pipeline.prepare.case import Case
from pipeline.prepare.layout import list_files, read_table
from pipeline.prepare.masks import read_foreground
from pipeline.prepare.refusal import Refusal

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
"""Suffixes of masks; images may also be `.dcm`."""

_SHOWN_ROWS = 20
"""Rows of a table that a message lists."""

_UNSAFE = re.compile(r"[^\w.-]+")
_GROUPS = "groups.csv"
_LIKE_GROUPS = re.compile(r"groups?(\.[\w.]+)?", re.IGNORECASE)
"""Names under which programs save that table, too."""
_DELIMITERS = ",;\t"


def read_plain(root: Path, *, source: str = "plain") -> tuple[list[Case], list[Refusal]]:
    """List a folder of `images/` and `masks/` of the same names: `a.jpg` and `a.png`.

    A mask may also have the whole name of its image before its suffix, `a.dcm` and `a.dcm.png`,
    as inference writes it.

    A black mask means normal; an image without a mask is refused, since perhaps nobody has looked
    at it. Every other mask means a lesion of unknown kind, the pathology `unknown`. Every image is
    its own group, unless `groups.csv` with the columns `group` and `file` names those that belong
    together, such as all images of one patient, or the result of `breast-us-seg duplicates`. A path
    before the name of a file does not count, nor do upper case and a missing suffix where there is
    one image only that is meant; nor, in the name of a group, upper case, leading zeros and white
    space. Commas, semicolons or tabs part the columns.

    Args:
        root: folder that holds `images` and `masks`.
        source: name of this folder in ids and groups.

    Returns:
        Cases sorted by id, and what was left out.

    Raises:
        DatasetError: a folder, the images, or a column of `groups.csv` is missing, or a row of it
            means no image, several, or one that another row puts into another group.
    """
    files = list_files(root / "images", SUFFIXES | {".dcm"}, of=root.name)
    images = _index_files({path: path.stem for path in files})
    stems = {path.name: path.stem for path in files}
    masks = _index_files(
        {
            path: stems.get(path.stem, path.stem)
            for path in list_files(root / "masks", SUFFIXES, of=root.name)
        }
    )
    if not images:
        msg = (
            f"expected images ({', '.join(sorted(SUFFIXES))}, .dcm), got none in {root / 'images'}"
        )
        raise DatasetError(msg)
    groups = _read_groups(root, [path.name for path in files])
    cases: list[Case] = []
    refusals = [
        Refusal(source, f"{folder}/{path.name}", "a folder, in which nothing is looked for")
        for folder in ("images", "masks")
        for path in sorted((root / folder).iterdir())
        if path.is_dir() and not path.name.startswith(".")
    ] + [
        Refusal(source, path.name, "mask without an image")
        for name in sorted(masks.keys() - images.keys())
        for path in masks[name]
    ]
    for name in sorted(images):
        paths = images[name]
        case_id = f"{source}/{name}"
        if len(paths) > 1 or len(masks.get(name, ())) > 1:
            reason = "several images or masks of one name"
            refusals.append(Refusal(source, case_id, reason))
        elif name not in masks:
            refusals.append(Refusal(source, case_id, "image without a mask"))
        else:
            try:
                has_lesion = read_foreground(masks[name][0]).any()
            except ReadError as error:
                refusals.append(Refusal(source, case_id, str(error)))
                continue
            group = groups.get(paths[0].name)
            cases.append(
                Case(
                    id=case_id,
                    source=source,
                    group=f"{source}:{name}" if group is None else f"{source}:groups.csv:{group}",
                    pathology="unknown" if has_lesion else "normal",
                    image=paths[0],
                    masks=(masks[name][0],),
                )
            )
    return cases, refusals


def _index_files(names: dict[Path, str]) -> dict[str, list[Path]]:
    """Map names, made safe on every file system and thus in lower case, to files."""
    index: dict[str, list[Path]] = defaultdict(list)
    for path, name in names.items():
        name = unicodedata.normalize("NFC", name)
        index[_UNSAFE.sub("_", name).strip(".").lower() or "_"].append(path)
    return dict(index)


def _read_groups(root: Path, names: list[str]) -> dict[str, str]:
    """Map the names of images to groups; every row has to mean exactly one of them."""
    path = root / _GROUPS
    if not path.exists():
        for other in sorted(root.iterdir()):
            if other.is_file() and _LIKE_GROUPS.fullmatch(other.name):
                msg = f"expected a table of groups as {_GROUPS} in {root}, got {other.name}"
                raise DatasetError(msg)
        return {}
    groups: dict[str, str] = {}
    wrong: list[str] = []
    delimiter = _find_delimiter(path)
    table = read_table(path, ("group", "file"), of=root.name, delimiter=delimiter)
    for number, row in enumerate((row for row in table if row["group"] or row["file"]), start=2):
        found = _find_meant(row["file"], names)
        name = found[0] if len(found) == 1 else ""
        if not row["group"]:
            wrong.append(f"row {number} names no group")
        elif not name:
            count = f"{len(found)} images" if found else "no image"
            wrong.append(f"row {number}, {row['file'] or 'without a file'}, means {count}")
        elif groups.setdefault(name, _name_group(row["group"])) != _name_group(row["group"]):
            wrong.append(f"row {number} puts {name} into another group than a row before")
    if wrong:
        more = f"; and {len(wrong) - _SHOWN_ROWS} more" if len(wrong) > _SHOWN_ROWS else ""
        msg = (
            f"expected rows of {path} that each name one of the images, else images of one patient "
            f"could stand on both sides of a split, got: {'; '.join(wrong[:_SHOWN_ROWS])}{more}"
        )
        raise DatasetError(msg)
    return groups


def _find_delimiter(path: Path) -> str:
    """Find what parts the names of the columns: Excel writes semicolons in some languages."""
    with path.open("rb") as file:
        header = file.readline(1000)
    return max(_DELIMITERS, key=lambda each: header.count(each.encode()))


def _name_group(text: str) -> str:
    """Give one name to what may be the same patient: 7, 07 and 7.0, and upper or lower case."""
    name = " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
    number = re.fullmatch(r"0*(\d+)(\.0+)?", name)
    return number[1] if number else name


def _find_meant(file: str, names: list[str]) -> list[str]:
    """Find images by the name at the end of a path of any system, the strictest way that finds any.

    As it is, in any case, without the suffix of the image, and without that of the row.
    """
    # It parts at both kinds of slashes; letters with marks are spelled in two ways.
    wanted = unicodedata.normalize("NFC", PureWindowsPath(file).name)
    stem = Path(wanted).stem if Path(wanted).suffix.lower() in SUFFIXES | {".dcm"} else wanted
    for is_meant in (
        lambda name: name == wanted,
        lambda name: name.lower() == wanted.lower(),
        lambda name: Path(name).stem.lower() == wanted.lower(),
        lambda name: Path(name).stem.lower() == stem.lower(),
    ):
        found = [name for name in names if is_meant(unicodedata.normalize("NFC", name))]
        if found:
            return found
    return []
