import hashlib
import random
from collections import Counter, defaultdict

import pytest
from dataset_files import MakeCase

from pipeline.errors import ConfigError
from pipeline.prepare.case import Case, Pathology
from pipeline.prepare.folds import distribute_groups

STRATA: list[tuple[str, Pathology, int]] = [
    ("a", "benign", 200),
    ("a", "malignant", 110),
    ("b", "benign", 90),
    ("b", "normal", 60),
]


@pytest.fixture
def cases(make_case: MakeCase) -> list[Case]:
    """460 images in groups of 1 to 6, some of which hold two classes."""
    rng = random.Random(7)
    made = []
    for source, pathology, count in STRATA:
        number = 0
        while number < count:
            group = f"{rng.randrange(10**6)}"
            for _ in range(min(rng.choice([1, 1, 1, 2, 2, 3, 6]), count - number)):
                kind = "malignant" if pathology == "benign" and rng.random() < 0.05 else pathology
                name = f"{pathology}{number}"
                made.append(make_case(name, group=group, pathology=kind, source=source))
                number += 1
    return made


class TestDistributeGroups:
    @pytest.mark.parametrize("shares", [[1, 1, 1, 1, 1], [0.9, 0.1]])
    def test_no_group_is_on_two_sides(self, cases: list[Case], shares: list[float]) -> None:
        sides = defaultdict(set)
        for case, part in zip(cases, distribute_groups(cases, shares, seed=0), strict=True):
            sides[case.group].add(part)
        assert all(len(parts) == 1 for parts in sides.values())

    @pytest.mark.parametrize("shares", [[1, 1, 1, 1, 1], [0.9, 0.1], [0.5, 0.25, 0.25]])
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_every_stratum_has_its_share(
        self, cases: list[Case], shares: list[float], seed: int
    ) -> None:
        parts = distribute_groups(cases, shares, seed=seed)
        strata = Counter((case.source, case.pathology) for case in cases)
        counts = Counter(
            (case.source, case.pathology, part) for case, part in zip(cases, parts, strict=True)
        )
        for (source, pathology), total in strata.items():
            for part, share in enumerate(shares):
                wanted = total * share / sum(shares)
                # Within two images, though groups hold up to six.
                assert abs(counts[source, pathology, part] - wanted) <= 2

    def test_same_seed_same_parts_and_another_seed_others(self, cases: list[Case]) -> None:
        first = distribute_groups(cases, [1] * 5, seed=3)
        assert first == distribute_groups(cases, [1] * 5, seed=3)
        assert first != distribute_groups(cases, [1] * 5, seed=4)

    def test_parts_are_those_of_the_published_scores(self, cases: list[Case]) -> None:
        """Else images of a published test list would be trained on, without a word."""
        parts = distribute_groups(cases, [1] * 5, seed=0)
        digest = hashlib.sha256(bytes(parts)).hexdigest()
        assert digest.startswith("073c66bbc102")

    def test_order_of_the_input_does_not_matter(self, cases: list[Case]) -> None:
        parts = distribute_groups(cases, [1] * 5, seed=0)
        by_id = dict(zip([case.id for case in cases], parts, strict=True))
        random.Random(1).shuffle(cases)
        shuffled = distribute_groups(cases, [1] * 5, seed=0)
        assert by_id == dict(zip([case.id for case in cases], shuffled, strict=True))

    def test_no_cases_give_no_parts(self) -> None:
        assert distribute_groups([], [1, 1], seed=0) == []

    @pytest.mark.parametrize("shares", [[], [1, 0]])
    def test_empty_share_is_an_error(self, shares: list[float]) -> None:
        with pytest.raises(ConfigError, match="expected shares above 0"):
            distribute_groups([], shares, seed=0)
