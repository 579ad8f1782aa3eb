from dataset_files import MakeCase

from pipeline.prepare.groups import merge_groups


class TestMergeGroups:
    def test_equal_images_join_their_groups_in_a_chain(self, make_case: MakeCase) -> None:
        cases = [
            make_case("1", group="a"),
            make_case("2", group="b"),
            make_case("3", group="b"),
            make_case("4", group="c"),
            make_case("5", group="d"),
        ]
        digests = {"s/1": "x", "s/2": "x", "s/3": "y", "s/4": "y", "s/5": "z"}
        merged, refusals = merge_groups(cases, digests)
        assert [case.group for case in merged] == ["s:a", "s:a", "s:a", "s:a", "s:d"]
        assert refusals == []

    def test_joins_across_sources_whatever_the_order(self, make_case: MakeCase) -> None:
        cases = [make_case("1", source="t"), make_case("1", source="s")]
        for order in (cases, cases[::-1]):
            merged, _ = merge_groups(order, {"t/1": "x", "s/1": "x"})
            assert {case.group for case in merged} == {"s:1"}

    def test_equal_images_of_two_classes_are_refused(self, make_case: MakeCase) -> None:
        cases = [make_case("1"), make_case("2", pathology="normal"), make_case("3")]
        merged, refusals = merge_groups(cases, {"s/1": "x", "s/2": "x", "s/3": "y"})
        assert [case.id for case in merged] == ["s/3"]
        assert [refusal.id for refusal in refusals] == ["s/1", "s/2"]

    def test_equal_images_of_a_benign_and_a_malignant_lesion_are_refused(
        self, make_case: MakeCase
    ) -> None:
        cases = [make_case("1", pathology="benign"), make_case("2", pathology="malignant")]
        assert len(merge_groups(cases, {"s/1": "x", "s/2": "x"})[1]) == 2

    def test_unknown_lesion_contradicts_a_normal_image_only(self, make_case: MakeCase) -> None:
        lesion = [make_case("1"), make_case("2", pathology="unknown")]
        assert merge_groups(lesion, {"s/1": "x", "s/2": "x"})[1] == []
        normal = [make_case("1", pathology="normal"), make_case("2", pathology="unknown")]
        assert len(merge_groups(normal, {"s/1": "x", "s/2": "x"})[1]) == 2
