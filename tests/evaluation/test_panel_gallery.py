import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.evaluation.panel_gallery import NAME_PATTERN, SAMPLE_FACTOR, PanelGallery
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.score_image import score_image


def image(name: str, *, lesion: int, hit: int = 0, false: int = 0) -> EvaluatedImage:
    """Make an image with a lesion of `lesion` pixels, `hit` of them found."""
    label, pred = np.zeros((2, 300), np.uint8), np.zeros((2, 300), np.uint8)
    label[0, :lesion] = pred[0, :hit] = pred[1, :false] = 1
    return EvaluatedImage(name, name, "busi", "benign", 0.5, score_image(pred, label))


def show(images: list[EvaluatedImage], **numbers: int) -> list[str]:
    gallery = PanelGallery(**{"worst": 0, "typical": 0, "best": 0, "normals": 0} | numbers)
    for each in images:
        gallery.consider(each, each.id.encode)
    panels = list(gallery.panels(images))
    assert all(picture.decode() in name for name, picture in panels)
    assert all(NAME_PATTERN.fullmatch(name) for name, _ in panels)
    return [name for name, _ in panels]


def ladder() -> list[EvaluatedImage]:
    """Make 100 images in mixed order; `i042` has the rank 43."""
    order = np.random.default_rng(0).permutation(100)
    return [image(f"i{index:03d}", lesion=200, hit=int(index) + 1) for index in order]


def test_worst_first_with_their_rank() -> None:
    names = show(ladder(), worst=3)
    assert names == ["0001_0.010_i000.png", "0002_0.020_i001.png", "0003_0.030_i002.png"]


def test_best_come_last() -> None:
    names = show(ladder(), worst=1, best=2)
    assert [name[-8:-4] for name in names] == ["i000", "i098", "i099"]
    assert names[-1].startswith("0100_")


def test_typical_are_next_to_the_median() -> None:
    ranks = [int(name[:4]) for name in show(ladder(), typical=4)]
    assert len(ranks) == 4
    assert all(abs(rank - 50.5) < 10 for rank in ranks)


def test_typical_of_few_are_exact() -> None:
    assert [name[:4] for name in show(ladder()[:SAMPLE_FACTOR], typical=1)] in (["0008"], ["0009"])


def test_same_dice_larger_lesion_is_worse() -> None:
    names = show([image("small", lesion=5), image("large", lesion=50)], worst=2)
    assert names == ["0001_0.000_large.png", "0002_0.000_small.png"]


def test_normals_with_the_largest_false_area() -> None:
    images = [image(f"n{false}", lesion=0, false=false) for false in (0, 7, 30, 12)]
    names = show(images, normals=2, worst=5)
    assert names == ["normal_0001_30px_n30.png", "normal_0002_12px_n12.png"]
    assert len(show(images, normals=9)) == 3


def test_image_in_two_lists_is_shown_once() -> None:
    assert show([image("only", lesion=5)], worst=3, typical=3, best=3) == ["0001_0.000_only.png"]


def test_picture_is_drawn_only_if_kept() -> None:
    gallery = PanelGallery(worst=1, typical=0, best=0, normals=0)
    drawn = []
    for name, hit in (("a", 5), ("b", 6), ("c", 4)):
        gallery.consider(image(name, lesion=10, hit=hit), lambda name=name: drawn.append(name))
    assert drawn == ["a", "c"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("busi/benign (1)", "busi-benign-1"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\\b:c*?", "a-b-c"),
        ("..", "image"),
        ("ä" * 9, "image"),
        ("x" * 300, "x" * 80),
    ],
)
def test_file_name_is_safe(name: str, safe: str) -> None:
    gallery = PanelGallery(worst=1, typical=0, best=0, normals=0)
    images = [image(name, lesion=5)]
    gallery.consider(images[0], bytes)
    assert [name for name, _ in gallery.panels(images)] == [f"0001_0.000_{safe}.png"]


def test_negative_number() -> None:
    with pytest.raises(ConfigError, match="numbers of panels >= 0"):
        PanelGallery(worst=-1, typical=0, best=0, normals=0)
