"""BUS-BRA, a Brazilian data set (Gomez-Flores et al. 2023, doi 10.1002/mp.16812)."""

from pathlib import Path

from pipeline.prepare.case import Case
from pipeline.prepare.layout import index_rows, list_files, parse_pathology, read_table
from pipeline.prepare.refusal import Refusal

SOURCE = "busbra"

_COLUMNS = ("ID", "Case", "Pathology", "BIRADS", "Device")


def read_busbra(root: Path) -> tuple[list[Case], list[Refusal]]:
    """List BUS-BRA as downloaded: `Images/bus_*.png`, `Masks/mask_*.png`, `bus_data.csv`.

    A group is a patient, the column Case. Width and Height of the table are wrong for some
    images and are not read.

    Args:
        root: folder that holds `Images`, `Masks` and `bus_data.csv`.

    Returns:
        Cases sorted by id, and what was left out.

    Raises:
        DatasetError: a folder, the table or one of its columns is missing.
    """
    images = {path.stem: path for path in list_files(root / "Images", {".png"}, of="BUS-BRA")}
    masks = {path.stem: path for path in list_files(root / "Masks", {".png"}, of="BUS-BRA")}
    table = read_table(root / "bus_data.csv", _COLUMNS, of="BUS-BRA")
    rows, repeated = index_rows(table, "ID")
    cases: list[Case] = []
    refusals: list[Refusal] = []
    for name in sorted(images.keys() | rows.keys()):
        case_id = f"{SOURCE}/{name}"
        mask = masks.get(name.replace("bus_", "mask_", 1))
        pathology = parse_pathology(rows[name]["Pathology"]) if name in rows else None
        if name not in images:
            refusals.append(Refusal(SOURCE, case_id, "row of the table without an image"))
        elif name not in rows:
            refusals.append(Refusal(SOURCE, case_id, "image without a row in the table"))
        elif name in repeated:
            refusals.append(Refusal(SOURCE, case_id, "several rows of the table"))
        elif mask is None:
            refusals.append(Refusal(SOURCE, case_id, "image without a mask"))
        elif not rows[name]["Case"]:
            refusals.append(Refusal(SOURCE, case_id, "image without a patient in the table"))
        elif pathology is None or pathology == "normal":
            refusals.append(Refusal(SOURCE, case_id, "pathology is not benign or malignant"))
        else:
            cases.append(
                Case(
                    id=case_id,
                    source=SOURCE,
                    group=f"{SOURCE}:{rows[name]['Case']}",
                    pathology=pathology,
                    image=images[name],
                    masks=(mask,),
                    birads=rows[name]["BIRADS"],
                    device=rows[name]["Device"],
                )
            )
    return cases, refusals
