"""BrEaST, a Polish data set (Pawlowska et al. 2024, doi 10.1038/s41597-024-02984-z)."""

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from pipeline.errors import DatasetError
from pipeline.prepare.case import Case
from pipeline.prepare.extras import import_extra
from pipeline.prepare.layout import index_rows, list_files, parse_pathology
from pipeline.prepare.refusal import Refusal
from pipeline.readers.region.refuse_scale import refuse_scale

SOURCE = "breast"

_COLUMNS = ("Image_filename", "Pixel_size", "BIRADS", "Classification")
_NAME = re.compile(r"(case\d+)(_tumor|_other\d*)?")
_MM_PER_CM = 10.0


def read_breast(root: Path) -> tuple[list[Case], list[Refusal]]:
    """List BrEaST as downloaded: `case001.png`, `case001_tumor.png`, `case022_other1.png`, XLSX.

    Files `_otherN` outline the further lesions of an image. They are merged with the tumour by
    union, since the task is to find every lesion; but where the table's interpretation names an
    implant, they outline that, and are left out. The files on disk count, not the mask columns of
    the table, which may lie in the folder of the images or in the one above. Every image is of
    another patient and is its own group.

    Returns:
        Cases sorted by id, and what was left out.

    Raises:
        ConfigError: the package openpyxl is not installed.
        DatasetError: the folder, the images, the table or one of its columns is missing.
    """
    images: dict[str, Path] = {}
    masks: dict[str, list[Path]] = defaultdict(list)
    refusals: list[Refusal] = []
    for path in list_files(root, {".png"}, of="BrEaST"):
        match = _NAME.fullmatch(path.stem)
        if match is None:
            refusals.append(Refusal(SOURCE, path.name, "name is not BrEaST's"))
        elif match[2]:
            masks[match[1]].append(path)
        else:
            images[path.stem] = path
    if not images:
        msg = f"expected images such as case001.png of BrEaST, got none in {root}"
        raise DatasetError(msg)
    rows, repeated = index_rows(_read_workbook(root), "Image_filename")
    cases: list[Case] = []
    for name in sorted(images.keys() | masks.keys() | rows.keys()):
        case_id = f"{SOURCE}/{name}"
        row = rows.get(name, {})
        pathology = parse_pathology(str(row.get("Classification", "")))
        if name not in images:
            kind = "mask" if name in masks else "row of the table"
            refusals.append(Refusal(SOURCE, case_id, f"{kind} without an image"))
        elif not row:
            refusals.append(Refusal(SOURCE, case_id, "image without a row in the table"))
        elif name in repeated:
            refusals.append(Refusal(SOURCE, case_id, "several rows of the table"))
        elif pathology is None:
            reason = "classification is not benign, malignant or normal"
            refusals.append(Refusal(SOURCE, case_id, reason))
        else:
            cases.append(
                Case(
                    id=case_id,
                    source=SOURCE,
                    group=f"{SOURCE}:{name}",
                    pathology=pathology,
                    image=images[name],
                    masks=_list_lesions(masks[name], row),
                    birads=_read_text(row["BIRADS"]),
                    mm_per_pixel=_read_length(row["Pixel_size"]),
                )
            )
    return cases, refusals


def _list_lesions(masks: Sequence[Path], row: Mapping[str, Any]) -> tuple[Path, ...]:
    """Leave out masks of an implant."""
    has_implant = "implant" in _read_text(row.get("Interpretation")).lower()
    return tuple(path for path in masks if not has_implant or path.stem.endswith("_tumor"))


def _read_workbook(root: Path) -> list[dict[str, Any]]:
    """Rows of the one sheet that has the columns; the workbook also holds a data dictionary."""
    openpyxl = import_extra("openpyxl")
    books = [
        path
        for folder in (root, root.resolve().parent)
        for path in list_files(folder, {".xlsx"}, of="BrEaST")
        if not path.name.startswith("~$")
    ]
    for path in books:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # styles and validations it cannot keep
                book = openpyxl.load_workbook(path, read_only=True, data_only=True)
                sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
                book.close()
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            msg = f"expected an Excel workbook of BrEaST, got {type(error).__name__} at {path}"
            raise DatasetError(msg) from error
        for rows in sheets:
            header = [_read_text(cell) for cell in rows[0]] if rows else []
            if set(_COLUMNS) <= set(header):
                return _list_rows(header, rows[1:])
    msg = (
        f"expected a sheet with the columns {', '.join(_COLUMNS)} of BrEaST, got none in "
        f"{', '.join(path.name for path in books) or 'any .xlsx'} of {root} or the folder above; "
        "put the clinical data (.xlsx) there"
    )
    raise DatasetError(msg)


def _list_rows(header: list[str], rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    found = [dict(zip(header, row, strict=False)) for row in rows]
    return [row for row in found if row["Image_filename"]]


def _read_text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _read_length(cell: Any) -> float:
    """Turn cm into mm; an empty or senseless cell becomes 0.0, not stated."""
    try:
        length = round(float(_read_text(cell).replace(",", ".")) * _MM_PER_CM, 9)
    except ValueError:
        return 0.0
    return 0.0 if refuse_scale((length, length)) else length
