"""Echo that goes on beyond a box; the picture is of 120 x 160 pixels, the box its upper left."""

import numpy as np
import pytest

from pipeline.readers.region.field_edges import _begins_at, reaches_beyond

BOX = (0, 0, 60, 80)


@pytest.mark.parametrize(("contrast", "expected"), [(0.6, True), (0.4, False)])
def test_echo_of_half_the_contrast_goes_on(contrast: float, expected: bool) -> None:
    noise = np.random.default_rng(0).uniform(-60, 60, (120, 160))
    noise[60:] *= contrast
    noise[:60, 80:] *= contrast
    assert reaches_beyond((100 + noise).astype(np.float32), BOX) == expected


@pytest.mark.parametrize(("line", "expected"), [(17, True), (22, True), (24, False)])
def test_texture_begins_within_three_lines_of_an_edge(line: int, expected: bool) -> None:
    begins = np.zeros((60, 50), np.bool_)
    begins[line] = True
    assert _begins_at(begins, 20) is expected
