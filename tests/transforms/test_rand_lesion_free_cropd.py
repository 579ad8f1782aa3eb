"""Parts beside a lesion; images are 1 x 40 x 60 and tell their row and column."""

import torch

from pipeline.transforms import RandLesionFreeCropd

ROWS, COLUMNS = torch.meshgrid(torch.arange(40.0), torch.arange(60.0), indexing="ij")
IMAGE = torch.stack([ROWS, COLUMNS])
LABEL = torch.zeros(1, 40, 60)
LABEL[0, 10:30, 2:12] = 1


def apply(seed: int, label: torch.Tensor = LABEL, **options) -> dict:
    transform = RandLesionFreeCropd(["image", "label"], **{"prob": 1.0, **options})
    transform.set_random_state(seed=seed)
    return transform({"image": IMAGE, "label": label})


def changed(item: dict) -> bool:
    return not torch.equal(item["image"], IMAGE)


def test_parts_have_no_lesion_and_the_size_of_the_whole() -> None:
    items = [item for item in map(apply, range(40)) if changed(item)]
    assert len(items) > 20
    for item in items:
        assert item["image"].shape == IMAGE.shape
        assert item["label"].shape == LABEL.shape
        assert not item["label"].any()


def test_no_pixel_of_a_part_is_of_the_lesion() -> None:
    for item in map(apply, range(40)):
        if changed(item):
            rows, columns = item["image"]
            inside = (rows > 9) & (rows < 30) & (columns > 1) & (columns < 12)
            assert not inside.any()


def test_parts_are_not_mirrored_and_keep_their_share() -> None:
    for item in map(apply, range(40)):
        if changed(item):
            rows, columns = item["image"]
            assert (rows.diff(dim=0) >= 0).all()
            assert (columns.diff(dim=1) >= 0).all()
            assert 0.38 * 60 - 1 <= columns.max() - columns.min() + 1 <= 0.75 * 60 + 1


def test_an_image_full_of_lesion_stays() -> None:
    item = apply(0, label=torch.ones(1, 40, 60))
    assert not changed(item)
    assert item["label"].all()


def test_an_image_without_lesion_stays() -> None:
    assert not changed(apply(0, label=torch.zeros(1, 40, 60)))


def test_probability_0_does_nothing() -> None:
    assert not any(changed(apply(seed, prob=0.0)) for seed in range(20))
