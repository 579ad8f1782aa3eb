"""Candidates in images of 64 x 64 pixels."""

import torch

from pipeline.handlers.find_candidates import find_candidates

NOTHING = torch.zeros(1, 64, 64)


def outline(*places: tuple[slice, slice], logit: float = 9.0) -> torch.Tensor:
    logits = torch.full((1, 64, 64), -9.0)
    for rows, columns in places:
        logits[0, rows, columns] = logit
    return logits


LEFT, RIGHT = (slice(10, 26), slice(4, 20)), (slice(10, 26), slice(40, 56))


def find(logits: torch.Tensor, lesion: torch.Tensor = NOTHING) -> list[tuple[int, bool]]:
    (found,) = find_candidates(logits, lesion)
    return [(int(place.sum()), is_lesion) for place, is_lesion in found]


def test_each_connected_part_is_a_candidate() -> None:
    assert find(outline(LEFT, RIGHT)) == [(256, False), (256, False)]


def test_what_lies_on_the_lesion_is_one() -> None:
    lesion = (outline(LEFT) > 0).float()
    assert find(outline(LEFT, RIGHT), lesion) == [(256, True), (256, False)]


def test_what_touches_the_lesion_is_left_out() -> None:
    lesion = NOTHING.clone()
    lesion[0, 10:12, 4:20] = 1
    assert find(outline(LEFT), lesion) == []


def test_specks_are_left_out() -> None:
    assert find(outline((slice(0, 7), slice(0, 9)), LEFT)) == [(256, False)]


def test_border_follows_the_highest_probabilities_of_each_image() -> None:
    """A faint outline counts beside nothing, and not beside a strong one."""
    faint = outline(LEFT, logit=-2.0)
    assert find(faint) == [(256, False)]
    assert find(torch.maximum(faint, outline(RIGHT))) == [(256, False)]


def test_images_of_a_batch_are_found_apart() -> None:
    found = find_candidates(torch.cat([outline(LEFT), outline(RIGHT)]), NOTHING.repeat(2, 1, 1))
    assert [bool(places[0][0][12, 8]) for places in found] == [True, False]


def test_border_is_half_of_the_highest_probabilities() -> None:
    found = find(torch.maximum(outline(LEFT, logit=0.1), outline(RIGHT)))
    assert found == [(256, False), (256, False)]
    assert find(torch.maximum(outline(LEFT, logit=-0.1), outline(RIGHT))) == [(256, False)]


def test_highest_are_200_pixels() -> None:
    """Of 100 pixels of 1 and 100 of 0.4 the mean is 0.7, and 0.4 is more than its half."""
    bright = outline((slice(40, 50), slice(40, 50)))
    found = find(torch.maximum(outline(LEFT, logit=-0.405), bright))
    assert found == [(256, False), (100, False)]


def test_candidate_of_which_a_quarter_is_lesion_is_one() -> None:
    lesion = NOTHING.clone()
    lesion[0, 10:14, 4:20] = lesion[0, 14, 4:10] = 1  # 70 of 256 pixels
    assert find(outline(LEFT), lesion) == [(256, True)]
