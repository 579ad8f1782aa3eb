"""Groups that also keep equal images together, across data sets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.prepare.case import Case, Pathology
from pipeline.prepare.refusal import Refusal


def merge_groups(
    cases: Sequence[Case], digests: Mapping[str, str]
) -> tuple[list[Case], list[Refusal]]:
    """Merge groups that share an image, pixel by pixel, so that no copy crosses a split.

    Equal images with contradicting pathologies are refused.

    Args:
        cases: cases with the groups of their data sets.
        digests: digest of the decoded pixels of every case's image, by the case's id.

    Returns:
        The cases in their order, merged groups under the first of their names, and the refusals.
    """
    copies: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        copies[digests[case.id]].append(case)
    refused: set[str] = set()
    parents = {case.group: case.group for case in cases}
    for equal in copies.values():
        if _contradict({case.pathology for case in equal}):
            refused.update(case.id for case in equal)
        for case in equal[1:]:
            roots = _find_root(parents, equal[0].group), _find_root(parents, case.group)
            parents[max(roots)] = min(roots)
    merged = [
        replace(case, group=_find_root(parents, case.group))
        for case in cases
        if case.id not in refused
    ]
    reason = "equal images of it have another class"
    return merged, [Refusal(c.source, c.id, reason) for c in cases if c.id in refused]


def _contradict(pathologies: set[Pathology]) -> bool:
    """An unknown lesion goes with benign and with malignant, not with normal."""
    return len(pathologies - {"unknown"}) > 1 or ("normal" in pathologies and len(pathologies) > 1)


def _find_root(parents: Mapping[str, str], group: str) -> str:
    while parents[group] != group:
        group = parents[group]
    return group
