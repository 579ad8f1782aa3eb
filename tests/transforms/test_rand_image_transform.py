"""What all random changes of grey values alone do; images are 1 x 60 x 80, grey 40 to 240."""

import inspect

import pytest
import torch

from pipeline import transforms
from pipeline.transforms import RandImageTransform, RandImageTransformd

NAMES = ("RandDepthGaind",)

IMAGE = torch.linspace(40, 240, 4800).reshape(1, 60, 80)


def make(name: str, seed: int = 3, prob: float = 1.0) -> RandImageTransformd:
    transform = getattr(transforms, name)(["image", "other"], prob=prob)
    return transform.set_random_state(seed=seed)


@pytest.mark.parametrize("name", NAMES)
def test_all_keys_are_changed_alike_and_the_rest_and_the_input_stay(name: str) -> None:
    label = torch.ones(1, 60, 80)
    before = IMAGE.clone()

    result = make(name)({"image": IMAGE, "other": IMAGE, "label": label})

    assert not torch.equal(result["image"], IMAGE)
    assert torch.equal(result["image"], result["other"])
    assert (result["image"].shape, result["image"].dtype) == (IMAGE.shape, IMAGE.dtype)
    assert result["label"] is label
    assert torch.equal(before, IMAGE)


@pytest.mark.parametrize("name", NAMES)
def test_probability_is_the_share_of_items_that_are_changed(name: str) -> None:
    item = {"image": IMAGE, "other": IMAGE}
    assert make(name, prob=0.0)(item)["image"] is IMAGE

    transform = make(name, prob=0.3)
    changed = sum(transform(item)["image"] is not IMAGE for _ in range(200))

    assert 40 < changed < 80


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_the_same_and_another_one_does_not(name: str) -> None:
    item = {"image": IMAGE, "other": IMAGE}
    assert torch.equal(make(name, 3)(item)["image"], make(name, 3)(item)["image"])
    assert not torch.equal(make(name, 3)(item)["image"], make(name, 4)(item)["image"])


@pytest.mark.parametrize("name", NAMES)
def test_array_form_gives_the_same_for_the_same_seed(name: str) -> None:
    transform: RandImageTransform = getattr(transforms, name.removesuffix("d"))(prob=1.0)
    transform.set_random_state(seed=3)
    changed = transform(IMAGE)
    assert torch.equal(changed, make(name, 3)({"image": IMAGE, "other": IMAGE})["image"])
    assert torch.equal(changed, transform(IMAGE, randomize=False))
    assert not torch.equal(changed, transform(IMAGE))


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_take_the_same_options(name: str) -> None:
    array = inspect.signature(getattr(transforms, name.removesuffix("d"))).parameters
    wrapper = dict(inspect.signature(getattr(transforms, name)).parameters)
    wrapper.pop("keys")
    assert [str(each) for each in array.values()] == [str(each) for each in wrapper.values()]
