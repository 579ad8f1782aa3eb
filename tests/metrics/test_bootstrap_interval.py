import numpy as np
import pytest
from scipy import stats

from pipeline.errors import ConfigError
from pipeline.metrics.bootstrap_interval import bootstrap_interval


def single(number: int) -> list[str]:
    return [str(index) for index in range(number)]


def test_agrees_with_scipy_if_every_image_is_a_group() -> None:
    values = np.random.default_rng(1).normal(size=80)
    ends = bootstrap_interval(values[:, None], single(80), draws=4000)[0]
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(2)
    ).confidence_interval
    assert ends == pytest.approx([expected.low, expected.high], abs=0.02)


def test_copies_in_a_group_do_not_make_it_narrower() -> None:
    values = np.random.default_rng(1).normal(size=(40, 1))
    once = bootstrap_interval(values, single(40))
    copied = np.repeat(values, 5, axis=0)
    grouped = bootstrap_interval(copied, list(np.repeat(np.array(single(40)), 5)))
    ungrouped = bootstrap_interval(copied, single(200))
    assert np.diff(grouped) == pytest.approx(np.diff(once))
    assert np.diff(ungrouped) < 0.6 * np.diff(once)


def test_seed_decides() -> None:
    values = np.random.default_rng(1).normal(size=(20, 2))
    first, again, other = (bootstrap_interval(values, single(20), seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_undefined_values_are_left_out() -> None:
    values = np.array([[0.0, np.nan], [2.0, 5.0], [4.0, 5.0]])
    ends = bootstrap_interval(values, single(3))
    assert ends[0, 0] < 2 < ends[0, 1]
    assert ends[1].tolist() == [5, 5]


def test_one_group_has_no_interval() -> None:
    values = np.array([[1.0, 1.0, np.nan], [2.0, np.nan, np.nan]])
    assert np.isnan(bootstrap_interval(values, ["a", "a"])).all()
    ends = bootstrap_interval(values, ["a", "b"])
    assert np.isnan(ends).any(axis=1).tolist() == [False, True, True]


@pytest.mark.parametrize("options", [{"draws": 0}, {"level": 1.0}])
def test_option_out_of_range(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="at least 1 draw"):
        bootstrap_interval(np.zeros((2, 1)), ["a", "b"], **options)


def test_groups_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, M\), got \(2, 1\)"):
        bootstrap_interval(np.zeros((2, 1)), ["a", "b", "c"])
