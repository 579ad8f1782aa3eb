"""BUS-UCLM, a Spanish data set (Vallez et al. 2025, doi 10.1038/s41597-025-04562-3)."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ReadError
from pipeline.prepare.case import Case, Pathology
from pipeline.prepare.layout import index_rows, list_files, parse_pathology, read_table
from pipeline.prepare.masks import read_pixels, split_alpha
from pipeline.prepare.refusal import Refusal

SOURCE = "busuclm"

BRIGHT = 127
"""A colour channel above this is on."""

_COLUMNS = ("Image", "Label")
_CHANNELS: dict[Pathology, int] = {"malignant": 0, "benign": 1}
_SAME_PATIENT = {"CHVI": "CHCO"}


def read_busuclm(root: Path) -> tuple[list[Case], list[Refusal]]:
    """List BUS-UCLM as downloaded: `images/*.png`, `masks/*.png`, `INFO.csv` with semicolons.

    A group is a patient, the letters before the underscore of a name; CHCO and CHVI are the same
    patient. Masks are red for malignant, green for benign and black for normal images; a mask
    without the colour of its image's class contradicts the table and is refused later, as is one
    that does not have the size of its image.

    Args:
        root: folder that holds `images`, `masks` and `INFO.csv`.

    Returns:
        Cases sorted by id, and what was left out.

    Raises:
        DatasetError: a folder, the table or one of its columns is missing.
    """
    images = {path.stem: path for path in list_files(root / "images", {".png"}, of="BUS-UCLM")}
    masks = {path.stem: path for path in list_files(root / "masks", {".png"}, of="BUS-UCLM")}
    table = read_table(root / "INFO.csv", _COLUMNS, of="BUS-UCLM", delimiter=";")
    rows, repeated = index_rows(table, "Image")
    cases: list[Case] = []
    refusals: list[Refusal] = []
    for name in sorted(images.keys() | rows.keys()):
        case_id = f"{SOURCE}/{name}"
        pathology = parse_pathology(rows[name]["Label"]) if name in rows else None
        if name not in images:
            refusals.append(Refusal(SOURCE, case_id, "row of the table without an image"))
        elif name not in rows:
            refusals.append(Refusal(SOURCE, case_id, "image without a row in the table"))
        elif name in repeated:
            refusals.append(Refusal(SOURCE, case_id, "several rows of the table"))
        elif pathology is None:
            refusals.append(Refusal(SOURCE, case_id, "label is not Benign, Malignant or Normal"))
        elif name not in masks:
            refusals.append(Refusal(SOURCE, case_id, "image without a mask"))
        else:
            patient = name.partition("_")[0]
            cases.append(
                Case(
                    id=case_id,
                    source=SOURCE,
                    group=f"{SOURCE}:{_SAME_PATIENT.get(patient, patient)}",
                    pathology=pathology,
                    image=images[name],
                    masks=(masks[name],),
                    read_mask=partial(_read_coloured, pathology=pathology),
                )
            )
    return cases, refusals


def _read_coloured(path: Path, pathology: Pathology) -> NDArray[np.bool_]:
    """Read a mask (H, W, 3); lesions of any colour count, that of the class must be there."""
    pixels, _ = split_alpha(read_pixels(path))
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, axis=2)
    bright = pixels > BRIGHT
    if pathology in _CHANNELS:
        channel = _CHANNELS[pathology]
        if bright.any() and not (bright[..., channel] & (bright.sum(axis=2) == 1)).any():
            msg = "mask without the colour of its image's class"
            raise ReadError(msg)
    return np.asarray(bright.any(axis=2))
