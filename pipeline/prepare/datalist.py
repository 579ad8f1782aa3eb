"""The datalist in MONAI's (Decathlon's) form."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError
from pipeline.prepare.case import Case
from pipeline.prepare.folds import distribute_groups

LISTS = ("training", "validation", "test")
"""Names of the lists in a datalist, in reading order."""


@dataclass(frozen=True)
class Datalist:
    """Splits cases and writes them as `datalist.json`.

    Attributes:
        folds: number of folds, at least 2.
        test_fold: the fold that becomes the test list; `None` leaves the test list empty.
        seed: decides the folds and the validation list.
        validation_fraction: share of the cases outside the test fold that becomes the
            validation list, 0 up to but not including 1.
        test_source: the data set that becomes the test list, with every group that has an image
            of it, instead of a fold.
        test_device: the same for a scanner, by how its name starts.

    Raises:
        ConfigError: a value is out of its range, or more than one of a fold, a data set and a
            scanner is to be tested on.
    """

    folds: int = 5
    test_fold: int | None = 0
    seed: int = 0
    validation_fraction: float = 0.1
    test_source: str | None = None
    test_device: str | None = None

    def __post_init__(self) -> None:
        if self.folds < 2:
            msg = f"expected at least 2 folds, got {self.folds}"
            raise ConfigError(msg)
        if self.test_fold is not None and not 0 <= self.test_fold < self.folds:
            msg = f"expected a test fold of 0 to {self.folds - 1} or none, got {self.test_fold}"
            raise ConfigError(msg)
        tested = [self.test_fold, self.test_source, self.test_device]
        if sum(choice is not None for choice in tested) > 1:
            msg = (
                "expected one of a test fold, a test source and a test device, got "
                f"{self.test_fold}, {self.test_source} and {self.test_device}"
            )
            raise ConfigError(msg)
        if not 0 <= self.validation_fraction < 1:
            msg = f"expected a validation fraction in [0, 1), got {self.validation_fraction}"
            raise ConfigError(msg)

    def split(self, cases: Sequence[Case]) -> dict[str, list[tuple[Case, int]]]:
        """Put every case on one list, whole groups only.

        Args:
            cases: what to split; their order does not matter.

        Returns:
            The lists `training`, `validation` and `test` of cases and their folds, by id.

        Raises:
            ConfigError: no case, or every case, is of the test source or device.
        """
        cases = sorted(cases, key=lambda case: case.id)
        folds = distribute_groups(cases, [1.0] * self.folds, seed=self.seed)
        pairs = list(zip(cases, folds, strict=True))
        groups = {case.group for case in cases if self._is_tested(case)}
        wanted = self.test_source or self.test_device
        if wanted is not None and len(groups) in (0, len({c.group for c in cases})):
            found = {c.source if self.test_source else c.device for c in cases}
            msg = f"expected images of {wanted} to test and others to train, got {sorted(found)}"
            raise ConfigError(msg)
        tested = [fold == self.test_fold or case.group in groups for case, fold in pairs]
        rest = [pair for pair, is_test in zip(pairs, tested, strict=True) if not is_test]
        parts = [0] * len(rest)
        if self.validation_fraction:
            shares = [1 - self.validation_fraction, self.validation_fraction]
            parts = distribute_groups([case for case, _ in rest], shares, seed=self.seed)
        return {
            "training": [pair for pair, part in zip(rest, parts, strict=True) if part == 0],
            "validation": [pair for pair, part in zip(rest, parts, strict=True) if part == 1],
            "test": [pair for pair, is_test in zip(pairs, tested, strict=True) if is_test],
        }

    def _is_tested(self, case: Case) -> bool:
        if self.test_device:
            return case.device.startswith(self.test_device)
        return case.source == self.test_source

    def write(
        self, lists: Mapping[str, Sequence[tuple[Case, int]]], labels: Mapping[str, Path], out: Path
    ) -> None:
        """Write `out/datalist.json`, with paths relative to `out`.

        Every item has the same keys, since MONAI's collate function needs that: `image`,
        `label`, `id`, `group`, `pathology`, `source`, `fold`, `birads` and `device` (`""` if not
        stated) and `mm_per_pixel` (0.0 if not stated).

        Args:
            lists: what `split` returned.
            labels: label file of every case, by id.
            out: folder of the datalist.

        Raises:
            WriteError: the file cannot be written.
        """
        content = {
            "name": "breast-ultrasound",
            "description": "Breast lesions in ultrasound; groups stay on one side of every split",
            "tensorImageSize": "2D",
            "modality": {"0": "US"},
            "labels": {"0": "background", "1": "lesion"},
            "numTraining": len(lists["training"]),
            "numValidation": len(lists["validation"]),
            "numTest": len(lists["test"]),
            "folds": {
                "count": self.folds,
                "test_fold": self.test_fold,
                "test_source": self.test_source,
                "test_device": self.test_device,
                "seed": self.seed,
                "validation_fraction": self.validation_fraction,
            },
        } | {
            name: [_describe_item(case, fold, labels[case.id], out) for case, fold in lists[name]]
            for name in LISTS
        }
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        write_atomically(out / "datalist.json", text.encode())


def _describe_item(case: Case, fold: int, label: Path, out: Path) -> dict[str, Any]:
    return {
        "image": _relate_path(case.image, out),
        "label": _relate_path(label, out),
        "id": case.id,
        "group": case.group,
        "pathology": case.pathology,
        "source": case.source,
        "fold": fold,
        "birads": case.birads,
        "device": case.device,
        "mm_per_pixel": case.mm_per_pixel,
    }


def _relate_path(path: Path, out: Path) -> str:
    """Relative path with forward slashes; absolute if the two are on different drives."""
    try:
        return Path(os.path.relpath(path, out)).as_posix()
    except ValueError:
        return path.absolute().as_posix()
