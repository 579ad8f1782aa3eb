"""Published data sets to one datalist with uniform labels."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from pipeline.errors import DatasetError, ReadError
from pipeline.prepare.case import Case
from pipeline.prepare.datalist import Datalist
from pipeline.prepare.groups import merge_groups
from pipeline.prepare.labels import write_label
from pipeline.prepare.refusal import Refusal
from pipeline.write_table import write_table

LARGE_MASK = "mask of more than half of the image, which a lesion rarely fills"
"""What `remarks.csv` says of a label that is used nevertheless."""


def prepare_datalist(
    cases: Iterable[Case], refusals: Iterable[Refusal], out: Path, *, datalist: Datalist
) -> tuple[dict[str, list[tuple[Case, int]]], list[Refusal], list[Refusal]]:
    """Write the labels, the datalist and the list of what was left out.

    Writes `out/labels/<id>.png`, `out/datalist.json`, `out/refused.csv` and `out/remarks.csv`; the
    same input gives the same bytes.

    Args:
        cases: what the adapters of the data sets found.
        refusals: what they left out.
        out: folder to write to, created if missing.
        datalist: how to split.

    Returns:
        The lists `training`, `validation` and `test` of cases and folds, all refusals, and what a
        person should look at of what is used.

    Raises:
        DatasetError: no case is left.
        WriteError: a file cannot be written.
    """
    refusals = list(refusals)
    labels: dict[str, Path] = {}
    digests: dict[str, str] = {}
    usable: list[Case] = []
    remarks: list[Refusal] = []
    for case in cases:
        label = out / "labels" / f"{case.id}.png"
        try:
            digests[case.id], share = write_label(case, label)
        except ReadError as error:
            refusals.append(Refusal(case.source, case.id, str(error)))
            label.unlink(missing_ok=True)
        else:
            labels[case.id] = label
            usable.append(case)
            if share > 0.5:
                remarks.append(Refusal(case.source, case.id, LARGE_MASK))
    usable, contradicting = merge_groups(usable, digests)
    for refusal in contradicting:
        labels[refusal.id].unlink(missing_ok=True)
    refusals = sorted([*refusals, *contradicting], key=lambda r: (r.source, r.reason, r.id))
    used = {case.id for case in usable}
    remarks = sorted((r for r in remarks if r.id in used), key=lambda r: (r.source, r.id))
    _write_reasons(refusals, out / "refused.csv")
    _write_reasons(remarks, out / "remarks.csv")
    if not usable:
        msg = (
            f"expected at least one usable image, got none and {len(refusals)} refused; "
            f"the reasons are in {out / 'refused.csv'}"
        )
        raise DatasetError(msg)
    lists = datalist.split(usable)
    datalist.write(lists, labels, out)
    return lists, refusals, remarks


def _write_reasons(rows: Sequence[Refusal], path: Path) -> None:
    write_table(path, ("source", "id", "reason"), map(asdict, rows))
