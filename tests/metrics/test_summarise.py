import itertools
import json
from typing import Any

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.score_image import score_image
from pipeline.metrics.summarise import summarise


def image(name: str, *, lesion: int, pred: int, shift: int = 0, **facts: Any) -> EvaluatedImage:
    """Make an image with `lesion` and `pred` pixels in one row, the prediction `shift` further."""
    masks = np.zeros((2, 3, 60), np.uint8)
    masks[0, 1, :lesion] = 1
    masks[1, 1, shift : shift + pred] = 1
    facts = {"group": name, "source": "busi", "pathology": "benign", "probability": 0.5} | facts
    return EvaluatedImage(id=name, scores=score_image(masks[1], masks[0]), **facts)


def mixed() -> list[EvaluatedImage]:
    return [
        image("a", lesion=10, pred=10, probability=0.9),
        image("b", lesion=10, pred=10, shift=5, probability=0.8, pathology="malignant"),
        image("c", lesion=40, pred=0, probability=0.2, pathology="malignant", source="busbra"),
        image("d", lesion=10, pred=10, shift=20, probability=0.6),
        image("n1", lesion=0, pred=6, probability=0.6, pathology="normal"),
        image("n2", lesion=0, pred=0, probability=0.1, pathology="normal", source="busbra"),
    ]


class TestNumbers:
    def test_lesions_by_hand(self) -> None:
        lesion = summarise(mixed(), split="test")["lesion"]
        assert lesion["images"] == 4
        assert lesion["missed"] == 1
        assert lesion["missed_share"] == 0.25
        assert lesion["misplaced"] == 1
        assert lesion["with_false_lesion"] == 1
        assert lesion["dice"]["mean"] == pytest.approx((1 + 0.5 + 0 + 0) / 4)
        assert lesion["dice"]["std"] == pytest.approx(np.std([1, 0.5, 0, 0], ddof=1))
        assert lesion["dice"]["median"] == pytest.approx(0.25)
        assert lesion["iou"]["mean"] == pytest.approx((1 + 1 / 3) / 4)

    def test_missed_lesions_are_left_out_of_distances_and_counted(self) -> None:
        lesion = summarise(mixed(), split="test")["lesion"]
        assert lesion["dice"]["images"] == 4
        assert lesion["hd95_px"]["images"] == 3
        distances = [item.scores.hd95_px for item in mixed() if item.scores.hd95_px is not None]
        assert lesion["hd95_px"]["mean"] == pytest.approx(np.mean(distances))

    def test_pooled_dice_is_over_pixels(self) -> None:
        lesion = summarise(mixed(), split="test")["lesion"]
        assert lesion["pooled_dice"] == pytest.approx(2 * (10 + 5) / (20 + 20 + 40 + 20))

    def test_normals_by_hand(self) -> None:
        normal = summarise(mixed(), split="test")["normal"]
        assert normal["images"] == 2
        assert normal["with_false_lesion"] == normal["false_lesions"] == 1
        assert normal["with_false_lesion_share"] == 0.5
        assert normal["mean_false_area_px"] == 3

    def test_normals_do_not_move_the_scores(self) -> None:
        with_normals = summarise(mixed(), split="test")["lesion"]
        without = summarise([i for i in mixed() if i.scores.has_lesion], split="test")["lesion"]
        assert with_normals == without

    def test_no_hit_does_not_claim_certainty(self) -> None:
        quiet = [image(str(index), lesion=0, pred=0) for index in range(40)]
        low, high = summarise(quiet, split="test")["normal"]["with_false_lesion_share_wilson_95"]
        assert low == pytest.approx(0, abs=1e-9)
        # Wilson at 0 of n: z^2 / (n + z^2).
        assert high == pytest.approx(1.959964**2 / (40 + 1.959964**2), rel=1e-5)

    def test_interval_holds_the_mean(self) -> None:
        images = [image(str(k), lesion=20, pred=20, shift=k % 7) for k in range(30)]
        dice = summarise(images, split="test")["lesion"]["dice"]
        low, high = dice["interval_95"]
        assert low < dice["mean"] < high


class TestAuc:
    def test_equals_the_share_of_won_pairs(self) -> None:
        lesion = [i.probability for i in mixed() if i.scores.has_lesion]
        normal = [i.probability for i in mixed() if not i.scores.has_lesion]
        pairs = itertools.product(lesion, normal)
        wins = [1.0 if one > other else 0.5 if one == other else 0.0 for one, other in pairs]
        assert summarise(mixed(), split="test")["image_auc"] == pytest.approx(np.mean(wins))

    @pytest.mark.parametrize("lesion", [0, 5])
    def test_needs_both_kinds(self, lesion: int) -> None:
        assert summarise([image("a", lesion=lesion, pred=5)], split="test")["image_auc"] is None


class TestParts:
    def test_by_pathology(self) -> None:
        parts = summarise(mixed(), split="test")["by_pathology"]
        assert list(parts) == ["benign", "malignant", "normal"]
        assert parts["malignant"]["lesion"]["dice"]["mean"] == pytest.approx(0.25)
        assert parts["malignant"]["normal"] is None
        assert parts["normal"]["lesion"] is None

    def test_by_source(self) -> None:
        parts = summarise(mixed(), split="test")["by_source"]
        assert parts["busbra"]["lesion"]["missed"] == 1
        assert parts["busbra"]["lesion"]["hd95_px"]["mean"] is None
        assert parts["busbra"]["normal"]["images"] == 1


class TestFrame:
    def test_says_what_was_measured(self) -> None:
        summary = summarise(mixed(), split="fold 3")
        assert summary["split"] == "fold 3"
        assert summary["test_unit"] == "image"
        assert summary["resolution"] == "source pixels"
        assert summary["images"] == summary["groups"] == 6
        assert "each counts once" in summary["averaging"]

    def test_is_strict_json(self) -> None:
        for images in (mixed(), mixed()[2:3], mixed()[4:5]):
            json.dumps(summarise(images, split="test"), allow_nan=False)

    def test_order_does_not_matter(self) -> None:
        assert summarise(mixed()[::-1], split="test") == summarise(mixed(), split="test")

    def test_no_image(self) -> None:
        with pytest.raises(ConfigError, match="at least one image in split 'test', got none"):
            summarise([], split="test")
