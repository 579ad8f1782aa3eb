"""Folds that keep a group on one side and every stratum level."""

import random
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from pipeline.errors import ConfigError
from pipeline.prepare.case import Case


def distribute_groups(cases: Iterable[Case], shares: Sequence[float], *, seed: int) -> list[int]:
    """Distribute groups of cases among parts of given shares.

    The largest groups go first, groups of one size in an order that `seed` decides; each goes to
    the part where it lowers the chi-square distance from the wanted counts most. Counted are the
    images of each source and pathology together, of each source, of each pathology and of all,
    so that the rounding of small strata does not add up.

    Args:
        cases: what to deal out; their order does not matter.
        shares: wanted share of each part, each above 0; they are scaled to a sum of 1.
        seed: decides between equal choices.

    Returns:
        The part of every case, 0 to `len(shares) - 1`, in the order of `cases`; cases of one
        group have the same part.

    Raises:
        ConfigError: there is no share, or one is not above 0.
    """
    if not shares or min(shares) <= 0:
        msg = f"expected shares above 0, got {list(shares)}"
        raise ConfigError(msg)
    cases = list(cases)
    groups: dict[str, Counter[Hashable]] = {}
    for case in cases:
        groups.setdefault(case.group, Counter()).update(_list_strata(case))
    totals = sum(groups.values(), Counter())
    wanted = [
        {stratum: count * share / sum(shares) for stratum, count in totals.items()}
        for share in shares
    ]
    counts: list[Counter[Hashable]] = [Counter() for _ in shares]
    order = sorted(groups)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda group: -groups[group][_ALL])
    parts: dict[str, int] = {}
    for group in order:
        costs = [
            sum(
                amount * (amount + 2 * (have[stratum] - want[stratum])) / want[stratum]
                for stratum, amount in groups[group].items()
            )
            for have, want in zip(counts, wanted, strict=True)
        ]
        parts[group] = costs.index(min(costs))
        counts[parts[group]].update(groups[group])
    return [parts[case.group] for case in cases]


_ALL = "all"


def _list_strata(case: Case) -> list[Hashable]:
    return [
        _ALL,
        ("source", case.source),
        ("pathology", case.pathology),
        (case.source, case.pathology),
    ]
