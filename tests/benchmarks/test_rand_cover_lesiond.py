"""Columns are numbered by their grey, so that each pixel tells where it was taken from."""

import pytest
import torch
from rand_cover_lesiond import RandCoverLesiond

HEIGHT, WIDTH = 40, 100


def make_item(first: int, last: int) -> dict[str, torch.Tensor]:
    """An image whose grey is 1000 x row + column, with a lesion in some columns of some rows."""
    rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    label = torch.zeros(1, HEIGHT, WIDTH)
    label[0, 10:20, first:last] = 1
    return {"image": (1000.0 * rows + columns)[None], "label": label}


def cover(item: dict[str, torch.Tensor], seed: int = 0, **options: object) -> dict:
    options = {"prob": 1.0, "decoy": 0.0, **options}
    transform = RandCoverLesiond(["image", "label"], **options)  # type: ignore[arg-type]
    return transform.set_random_state(seed)(item)


@pytest.mark.parametrize("seed", range(5))
def test_lesion_is_covered_with_mirrored_tissue_of_its_depth(seed: int) -> None:
    item = make_item(45, 60)
    result = cover(item, seed, margin=(0.05, 0.05))
    assert not result["label"].any()
    image = result["image"][0]
    assert torch.equal(image // 1000, item["image"][0] // 1000)
    columns = image[0]
    # Covered are 40 to 64.
    assert columns[:40].tolist() == list(range(40))
    assert columns[65:].tolist() == list(range(65, WIDTH))
    sources = [{2 * 40 - 1 - column, 2 * 65 - 1 - column} for column in range(40, 65)]
    taken = columns[40:65].tolist()
    assert sum(each in source for each, source in zip(taken, sources, strict=True)) >= 25 - 8
    for each, source in zip(taken, sources, strict=True):
        assert min(source) <= each <= max(source)


def test_side_without_tissue_gives_none() -> None:
    columns = cover(make_item(5, 30), margin=(0.05, 0.05))["image"][0, 0]
    assert columns[:35].tolist() == [69 - column for column in range(35)]


@pytest.mark.parametrize(("first", "last"), [(20, 80), (0, 60)])
def test_lesion_wider_than_the_tissue_stays(first: int, last: int) -> None:
    item = make_item(first, last)
    result = cover(item)
    assert torch.equal(result["image"], item["image"])
    assert torch.equal(result["label"], item["label"])


@pytest.mark.parametrize("options", [{"prob": 0.0}, {}])
def test_without_lesion_or_chance_nothing_changes(options: dict[str, float]) -> None:
    item = make_item(0, 0) if not options else make_item(45, 60)
    result = cover(item, **options)
    assert torch.equal(result["image"], item["image"])
    assert torch.equal(result["label"], item["label"])


def test_decoy_covers_other_columns_and_keeps_the_lesion() -> None:
    item = make_item(45, 60)
    changed = 0
    for seed in range(30):
        result = cover(item, seed, decoy=1.0)
        assert torch.equal(result["label"], item["label"])
        assert torch.equal(result["image"][..., 45:60], item["image"][..., 45:60])
        changed += not torch.equal(result["image"], item["image"])
    assert changed >= 5


def test_input_is_left_alone_and_same_seed_gives_same_result() -> None:
    item = make_item(45, 60)
    first, second = (cover(item, 3, decoy=0.5) for _ in range(2))
    assert torch.equal(first["image"], second["image"])
    assert torch.equal(item["image"], make_item(45, 60)["image"])
    assert item["label"].any()
