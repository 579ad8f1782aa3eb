import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from dataset_files import MakeCase
from monai.data import load_decathlon_datalist

from pipeline.errors import ConfigError
from pipeline.prepare.case import Case
from pipeline.prepare.datalist import Datalist


@pytest.fixture
def cases(make_case: MakeCase) -> list[Case]:
    return [
        make_case(f"{number}", group=f"{number // 2}", pathology=pathology)
        for number in range(100)
        for pathology in (("benign", "malignant")[number // 2 % 2],)
    ]


class TestDatalist:
    def test_lists_hold_every_case_once(self, cases: list[Case]) -> None:
        lists = Datalist().split(cases)
        ids = Counter(case.id for pairs in lists.values() for case, _ in pairs)
        assert ids == Counter(case.id for case in cases)
        assert {name: len(pairs) for name, pairs in lists.items()} == {
            "training": 72,
            "validation": 8,
            "test": 20,
        }

    def test_no_group_is_on_two_lists(self, cases: list[Case]) -> None:
        lists = Datalist().split(cases)
        sides = [{case.group for case, _ in pairs} for pairs in lists.values()]
        assert sum(map(len, sides)) == len(set.union(*sides)) == 50

    @pytest.mark.parametrize("fold", [0, 3])
    def test_test_list_is_the_test_fold(self, cases: list[Case], fold: int) -> None:
        lists = Datalist(test_fold=fold).split(cases)
        assert {number for _, number in lists["test"]} == {fold}
        assert fold not in {number for _, number in lists["training"] + lists["validation"]}

    def test_folds_do_not_depend_on_the_test_fold(self, cases: list[Case]) -> None:
        def number_folds(datalist: Datalist) -> dict[str, int]:
            lists = datalist.split(cases)
            return {case.id: fold for pairs in lists.values() for case, fold in pairs}

        assert number_folds(Datalist(test_fold=1)) == number_folds(Datalist(test_fold=None))

    def test_without_test_fold_the_test_list_is_empty(self, cases: list[Case]) -> None:
        lists = Datalist(test_fold=None).split(cases)
        assert [len(pairs) for pairs in lists.values()] == [90, 10, 0]

    def test_test_device_takes_its_groups_whole(self, cases: list[Case]) -> None:
        scanned = [
            replace(case, device="GE 5 @12") if n < 3 else case for n, case in enumerate(cases)
        ]
        groups = {case.group for case in scanned[:3]}
        lists = Datalist(test_fold=None, test_device="GE 5").split(scanned)
        assert {case.group for case, _ in lists["test"]} == groups
        assert not groups & {case.group for case, _ in lists["training"] + lists["validation"]}

    def test_test_source_takes_its_groups_whole(self, cases: list[Case]) -> None:
        """Case 0 is of another set and shares its group with case 1."""
        cases[0] = replace(cases[0], source="other")
        lists = Datalist(test_fold=None, test_source="other").split(cases)
        assert {case.id for case, _ in lists["test"]} == {"s/0", "s/1"}
        assert len(lists["training"] + lists["validation"]) == 98

    @pytest.mark.parametrize("source", ["s", "missing"])
    def test_test_source_must_leave_something_on_both_sides(
        self, cases: list[Case], source: str
    ) -> None:
        with pytest.raises(ConfigError, match="to test and others to train"):
            Datalist(test_fold=None, test_source=source).split(cases)

    def test_test_source_and_test_fold_exclude_each_other(self) -> None:
        with pytest.raises(
            ConfigError, match="expected one of a test fold, a test source and a test device"
        ):
            Datalist(test_fold=0, test_source="s")

    def test_without_validation_fraction_the_validation_list_is_empty(
        self, cases: list[Case]
    ) -> None:
        lists = Datalist(validation_fraction=0).split(cases)
        assert [len(pairs) for pairs in lists.values()] == [80, 0, 20]

    def test_order_of_the_input_does_not_matter(self, cases: list[Case]) -> None:
        assert Datalist().split(cases) == Datalist().split(cases[::-1])

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"folds": 1}, "at least 2 folds, got 1"),
            ({"test_fold": 5}, "0 to 4 or none, got 5"),
            ({"test_fold": -1}, "got -1"),
            ({"validation_fraction": 1.0}, "got 1.0"),
            ({"validation_fraction": -0.1}, "got -0.1"),
        ],
    )
    def test_values_out_of_range_are_errors(self, values: dict[str, float], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            Datalist(**values)

    def test_monai_loads_what_was_written(self, cases: list[Case], tmp_path: Path) -> None:
        out, images = tmp_path / "out", tmp_path / "set"
        cases = [replace(case, image=images / case.image) for case in cases]
        datalist = Datalist()
        lists = datalist.split(cases)
        labels = {case.id: out / "labels" / f"{case.id}.png" for case in cases}
        datalist.write(lists, labels, out)
        for name in ("training", "validation", "test"):
            items = load_decathlon_datalist(str(out / "datalist.json"), True, name, str(out))
            assert [Path(item["image"]) for item in items] == [c.image for c, _ in lists[name]]
            assert [Path(item["label"]) for item in items] == [labels[c.id] for c, _ in lists[name]]

    def test_header_and_items_are_complete(self, cases: list[Case], tmp_path: Path) -> None:
        datalist = Datalist(folds=4, test_fold=None, seed=9, validation_fraction=0.2)
        cases[0] = replace(cases[0], device="D", birads="4a", mm_per_pixel=0.07)
        lists = datalist.split(cases)
        datalist.write(lists, {case.id: tmp_path / f"{case.id}.png" for case in cases}, tmp_path)
        content = json.loads((tmp_path / "datalist.json").read_text(encoding="utf-8"))
        assert content["labels"] == {"0": "background", "1": "lesion"}
        assert (content["tensorImageSize"], content["modality"]) == ("2D", {"0": "US"})
        assert [content[f"num{name}"] for name in ("Training", "Validation", "Test")] == [80, 20, 0]
        assert content["folds"] == {
            "count": 4,
            "test_fold": None,
            "test_source": None,
            "test_device": None,
            "seed": 9,
            "validation_fraction": 0.2,
        }
        items = {item["id"]: item for item in content["training"] + content["validation"]}
        assert len({tuple(item) for item in items.values()}) == 1
        folds = {case.id: fold for pairs in lists.values() for case, fold in pairs}
        image, label = items["s/0"].pop("image"), items["s/0"].pop("label")
        assert not Path(image).is_absolute()
        assert label == "s/0.png"
        assert items["s/0"] == {
            "id": "s/0",
            "group": "s:0",
            "pathology": "benign",
            "source": "s",
            "fold": folds["s/0"],
            "birads": "4a",
            "device": "D",
            "mm_per_pixel": 0.07,
        }
