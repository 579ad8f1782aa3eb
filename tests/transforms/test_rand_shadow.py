"""Random shadows; images are 1 x 100 x 200, grey 150."""

import numpy as np
import pytest
import torch

from pipeline.transforms import RandShadow

IMAGE = torch.full((1, 100, 200), 150.0)


def apply(seed: int = 0, image: torch.Tensor = IMAGE, **options) -> torch.Tensor:
    transform = RandShadow(**{"prob": 1.0, **options})
    transform.set_random_state(seed=seed)
    return transform(image)


def test_a_shadow_has_the_width_depth_and_loss_told() -> None:
    for seed in range(20):
        lost = 150 - apply(seed, number=1, width=(0.2, 0.2), depth=(0.3, 0.3), loss=(60, 60))[0]
        across = lost[-1].numpy()
        # Half of the loss is where the shadow's edge is told to be.
        middle = np.flatnonzero(across > 30).mean()
        if not 25 < middle < 175:
            continue  # cut off by the border of the image
        assert (across > 30).sum() == pytest.approx(40, abs=1)
        assert across.max() == pytest.approx(60, abs=1e-4)
        down = lost[:, round(middle)].numpy()
        assert not down[:30].any()
        assert (np.diff(down) >= -1e-4).all()
        assert np.allclose(down[36:], 60, atol=1e-4)


def test_every_number_of_shadows_is_drawn() -> None:
    counts = set()
    for seed in range(60):
        lost = 150 - apply(seed, number=3, width=(0.08, 0.08), depth=(0, 0), loss=(60, 60))
        dark = (lost[0, -1] > 30).int()
        counts.add(int((dark.diff() == 1).sum() + dark[0]))
    assert counts >= {1, 2, 3}


def test_shadows_that_overlap_take_the_deeper_one() -> None:
    for seed in range(10):
        assert (150 - apply(seed, loss=(40, 40), width=(1.0, 1.0))).max() <= 40 + 1e-4


def test_result_stays_above_0() -> None:
    results = torch.stack([apply(seed, torch.full((1, 10, 20), 15.0)) for seed in range(20)])
    assert results.min() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"number": 0}, "expected a number >= 1"),
        ({"width": (0.3, 0.1)}, "expected ranges"),
        ({"loss": (-1.0, 1.0)}, "expected ranges"),
    ],
)
def test_options_out_of_range(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RandShadow(**options)
