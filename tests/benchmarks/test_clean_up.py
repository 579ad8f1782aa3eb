"""What the steps of the clean-up do to masks, in a table."""

import clean_up
import numpy as np
import pytest

from pipeline.metrics.image_scores import ImageScores
from pipeline.metrics.score_image import score_image


def score(pred: list[int], label: list[int]) -> ImageScores:
    """Scores of a mask of one row."""
    return score_image(*(np.array([[row]], dtype=np.uint8) for row in (pred, label)))


def test_table_counts_images_with_a_lesion_and_normal_ones_apart() -> None:
    found, empty = [1, 1, 0, 0, 0, 0], [0] * 6
    beside = [1, 1, 0, 0, 1, 1]
    scores = {
        "as released": [score(found, found), score(empty, found), score(empty, empty)],
        "all": [score(found, found), score(beside, found), score(beside, empty)],
    }
    lines = clean_up.format_table(scores, 0.4).splitlines()
    assert lines[0].startswith("| setting, operating point 0.4 | Dice |")
    # The Dice of `beside` is 2 * 2 / (4 + 2).
    assert lines[2:] == [
        "| as released | 0.5000 | 1 of 2 | 0 of 2 | 0 of 1 |",
        "| all | 0.8333 | 0 of 2 | 1 of 2 | 1 of 1 |",
    ]


TARGETS = {"1": "BlankOutsideSectord", "3": "GaussianSmoothd", "8": "RelativeThresholdd"}
"""The steps that variants take by their position in the config."""


@pytest.mark.parametrize("name", clean_up.VARIANTS)
def test_each_variant_changes_what_the_config_has(name: str) -> None:
    plain = clean_up.read_config({})
    for key in clean_up.VARIANTS[name]:
        assert plain[key] is not None
        if key.startswith("postprocessing"):
            step = key.split("#")[2]
            target = plain[f"postprocessing#transforms#{step}#_target_"]
            assert target.rpartition(".")[2] == TARGETS[step]


def test_page_has_a_line_of_each_variant() -> None:
    page = clean_up.PAGE.read_text(encoding="utf-8")
    table = page.split(f"{clean_up.BEGIN}\n")[1].split(clean_up.END)[0]
    assert [line.split(" | ")[0] for line in table.splitlines()[2:]] == [
        f"| {name}" for name in clean_up.VARIANTS
    ]
