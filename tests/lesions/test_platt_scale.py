"""Probability of malignancy from a mean."""

import numpy as np
import pytest

from pipeline.lesions import PlattScale

MASK = np.array([[True, True, False]])
MALIGNANCY = np.array([[0.2, 0.4, 0.9]], np.float32)


def test_default_is_the_mean_over_the_lesion() -> None:
    assert PlattScale()(MASK, MALIGNANCY) == pytest.approx(0.3, abs=1e-6)


def test_slope_and_offset_act_on_the_logit() -> None:
    """logit(0.3) = -0.8473; 2 times that + 1 = -0.6946, whose sigmoid is 0.33301."""
    assert PlattScale(2.0, 1.0)(MASK, MALIGNANCY) == pytest.approx(0.33301, abs=1e-5)


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_ends_stay_finite(mean: float) -> None:
    assert PlattScale(slope=3.0).scale(mean) == pytest.approx(mean, abs=1e-6)
