"""BUSI, Breast Ultrasound Images (Al-Dhabyani et al. 2020, doi 10.1016/j.dib.2019.104863)."""

import csv
import re
from collections import defaultdict
from importlib import resources
from pathlib import Path
from typing import Literal

from pipeline.errors import DatasetError
from pipeline.prepare.case import Case
from pipeline.prepare.layout import list_files
from pipeline.prepare.refusal import Refusal

SOURCE = "busi"

_CLASSES: tuple[Literal["benign", "malignant", "normal"], ...] = ("benign", "malignant", "normal")
_NAME = re.compile(r"(benign|malignant|normal) \((\d+)\)(_mask(?:_\d+)?)?")


def read_busi(root: Path) -> tuple[list[Case], list[Refusal]]:
    """List BUSI as downloaded: `benign/benign (1).png`, `benign (1)_mask.png`, `_mask_1.png`.

    BUSI publishes no patients, but about a fifth of its images are near-copies of another one.
    Those are grouped by the packaged `busi_duplicates.csv`; every other image is its own group.
    A group that holds two classes contradicts itself, so all of its images are refused.

    Args:
        root: folder that holds `benign`, `malignant` and `normal`.

    Returns:
        Cases sorted by id, and what was left out.

    Raises:
        DatasetError: a class folder is missing, or there is no image at all.
    """
    groups = _read_groups()
    contradicting = _find_contradicting(groups)
    cases: list[Case] = []
    refusals: list[Refusal] = []
    for pathology in _CLASSES:
        images: dict[str, Path] = {}
        masks: dict[str, list[Path]] = defaultdict(list)
        for path in list_files(root / pathology, {".png"}, of="BUSI"):
            match = _NAME.fullmatch(path.stem)
            if match is None or match[1] != pathology:
                refusals.append(Refusal(SOURCE, f"{pathology}/{path.name}", "name is not BUSI's"))
                continue
            name = f"{pathology}_{int(match[2]):03d}"
            if match[3]:
                masks[name].append(path)
            elif name in images:
                refusals.append(Refusal(SOURCE, f"{pathology}/{path.name}", "number occurs twice"))
            else:
                images[name] = path
        refusals += [
            Refusal(SOURCE, f"{SOURCE}/{name}", "mask without an image")
            for name in sorted(masks.keys() - images.keys())
        ]
        for name, image in sorted(images.items()):
            case = Case(
                id=f"{SOURCE}/{name}",
                source=SOURCE,
                group=f"{SOURCE}:{groups.get(name, name)}",
                pathology=pathology,
                image=image,
                masks=tuple(masks[name]),
            )
            if groups.get(name) in contradicting:
                refusals.append(Refusal(SOURCE, case.id, "near-copies of it have another class"))
            else:
                cases.append(case)
    if not cases and not refusals:
        msg = f"expected images of BUSI such as benign/benign (1).png, got none in {root}"
        raise DatasetError(msg)
    return cases, refusals


def _read_groups() -> dict[str, str]:
    """Map names such as `benign_001` to the number of their group of near-copies."""
    text = resources.files("pipeline.prepare").joinpath("busi_duplicates.csv").read_text("utf-8")
    return {row["id"]: row["group"] for row in csv.DictReader(text.splitlines())}


def _find_contradicting(groups: dict[str, str]) -> set[str]:
    classes: dict[str, set[str]] = defaultdict(set)
    for name, group in groups.items():
        classes[group].add(name.partition("_")[0])
    return {group for group, members in classes.items() if len(members) > 1}
