import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.metrics import (
    compute_average_surface_distance,
    compute_dice,
    compute_hausdorff_distance,
    compute_iou,
)

from pipeline.metrics.score_image import score_image


def square(top: int, left: int, size: int = 10, shape: tuple[int, int] = (40, 60)) -> np.ndarray:
    mask = np.zeros(shape, dtype=np.uint8)
    mask[top : top + size, left : left + size] = 1
    return mask


def brute_force_distances(pred: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of boundary pixels, the boundary by looking at the four neighbours."""

    def boundary(mask: np.ndarray) -> np.ndarray:
        padded = np.pad(mask, 1)
        rows, columns = np.nonzero(padded)
        return np.array(
            [
                (row, column)
                for row, column in zip(rows, columns, strict=True)
                if not (
                    padded[row - 1, column]
                    and padded[row + 1, column]
                    and padded[row, column - 1]
                    and padded[row, column + 1]
                )
            ]
        )

    a, b = boundary(pred), boundary(label)
    pairs = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))
    return pairs.min(axis=1), pairs.min(axis=0)


class TestOverlap:
    def test_identical_masks_are_perfect(self) -> None:
        scores = score_image(square(5, 5), square(5, 5))
        assert (scores.dice, scores.iou, scores.precision, scores.recall) == (1, 1, 1, 1)
        assert (scores.hd95_px, scores.assd_px, scores.false_lesions) == (0, 0, 0)
        assert (scores.lesion_px, scores.pred_px, scores.overlap_px) == (100, 100, 100)

    def test_shifted_square_by_hand(self) -> None:
        scores = score_image(square(5, 9), square(5, 5))
        assert scores.dice == pytest.approx(2 * 60 / 200)
        assert scores.iou == pytest.approx(60 / 140)
        assert scores.precision == pytest.approx(0.6)
        assert scores.recall == pytest.approx(0.6)

    def test_precision_and_recall_are_not_swapped(self) -> None:
        scores = score_image(square(5, 5, size=5), square(5, 5, size=10))
        assert scores.precision == 1
        assert scores.recall == 0.25

    def test_disjoint_masks_score_nothing(self) -> None:
        scores = score_image(square(5, 40), square(5, 5))
        assert (scores.dice, scores.iou, scores.precision, scores.recall) == (0, 0, 0, 0)
        assert scores.misplaced
        assert not scores.missed
        assert scores.false_lesions == 1

    def test_agrees_with_monai(self) -> None:
        pred, label = square(3, 8, size=13), square(6, 5)
        scores = score_image(pred, label)
        y_pred, y = (torch.from_numpy(mask)[None, None] for mask in (pred, label))
        assert scores.dice == pytest.approx(compute_dice(y_pred, y).item())
        assert scores.iou == pytest.approx(compute_iou(y_pred, y).item())


class TestDistances:
    def test_two_single_pixels(self) -> None:
        scores = score_image(square(8, 4, size=1), square(5, 0, size=1))
        assert scores.hd95_px == 5
        assert scores.assd_px == 5

    def test_parallel_lines_lie_their_distance_apart(self) -> None:
        pred, label = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
        pred[4, :], label[11, :] = True, True
        scores = score_image(pred, label)
        assert scores.hd95_px == 7
        assert scores.assd_px == 7

    def test_agree_with_all_pairs(self) -> None:
        rng = np.random.default_rng(0)
        pred, label = square(2, 3, size=17), square(9, 12, size=14)
        pred[rng.random(pred.shape) < 0.02] = 1
        to_label, to_pred = brute_force_distances(pred, label)
        scores = score_image(pred, label)
        assert scores.hd95_px == pytest.approx(
            max(np.percentile(to_label, 95), np.percentile(to_pred, 95))
        )
        assert scores.assd_px == pytest.approx(
            (to_label.sum() + to_pred.sum()) / (to_label.size + to_pred.size)
        )

    @pytest.mark.filterwarnings("ignore:.*always_return_as_numpy.*:FutureWarning")
    @pytest.mark.parametrize(
        ("pred", "label"),
        [
            (square(3, 8, size=13), square(6, 5)),
            (square(0, 0, size=12), square(20, 45, size=15)),
            (square(2, 3, size=1), square(25, 30, size=15)),
        ],
        ids=["overlapping", "at the border", "a pixel"],
    )
    def test_agree_with_monai(self, pred: np.ndarray, label: np.ndarray) -> None:
        scores = score_image(pred, label)
        y_pred, y = (torch.from_numpy(mask)[None, None] for mask in (pred, label))
        hd95 = compute_hausdorff_distance(y_pred, y, include_background=True, percentile=95)
        assd = compute_average_surface_distance(y_pred, y, include_background=True, symmetric=True)
        assert scores.hd95_px == pytest.approx(hd95.item(), rel=1e-5)
        assert scores.assd_px == pytest.approx(assd.item(), rel=1e-5)

    def test_are_symmetric(self) -> None:
        one, other = square(3, 8, size=13), square(6, 5)
        there, back = score_image(one, other), score_image(other, one)
        assert (there.hd95_px, there.assd_px) == (back.hd95_px, back.assd_px)


class TestEmptyMasks:
    def test_normal_image_left_in_peace(self) -> None:
        empty = np.zeros((40, 60), np.uint8)
        scores = score_image(empty, empty)
        assert not scores.has_lesion
        assert not scores.missed
        assert {scores.dice, scores.iou, scores.hd95_px, scores.assd_px} == {None}
        assert {scores.precision, scores.recall} == {None}
        assert scores.pred_px == scores.false_lesions == 0

    def test_normal_image_with_two_false_lesions(self) -> None:
        pred = square(2, 2, size=3) | square(20, 30, size=4)
        scores = score_image(pred, np.zeros_like(pred))
        assert scores.dice is None
        assert scores.pred_px == 9 + 16
        assert scores.false_lesions == 2

    def test_missed_lesion(self) -> None:
        label = square(5, 5)
        scores = score_image(np.zeros_like(label), label)
        assert scores.missed
        assert (scores.dice, scores.iou, scores.precision, scores.recall) == (0, 0, 0, 0)
        assert scores.hd95_px is None
        assert scores.assd_px is None


class TestFalseLesions:
    def test_only_components_off_the_truth_count(self) -> None:
        label = square(5, 5)
        pred = square(5, 5, size=2) | square(12, 12, size=8) | square(20, 40, size=3)
        assert score_image(pred, label).false_lesions == 1

    def test_corner_contact_makes_one_component(self) -> None:
        pred = square(2, 2, size=2) | square(4, 4, size=2)
        assert score_image(pred, np.zeros_like(pred)).false_lesions == 1


class TestInput:
    @pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
    def test_dtype_and_channel_do_not_matter(self, dtype: type) -> None:
        pred, label = square(5, 9).astype(dtype), square(5, 5).astype(dtype)
        expected = score_image(square(5, 9), square(5, 5))
        assert score_image(pred[None], label[None]) == expected
        assert score_image(MetaTensor(pred[None]), torch.from_numpy(label)) == expected

    def test_different_shapes(self) -> None:
        with pytest.raises(ValueError, match=r"one shape, got \(40, 60\) and \(60, 40\)"):
            score_image(square(5, 5), square(5, 5).T)

    @pytest.mark.parametrize("shape", [(4,), (2, 4, 4), (1, 1, 4, 4)])
    def test_shape_that_is_no_image(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="expected pred of shape"):
            score_image(np.zeros(shape), np.zeros((4, 4)))

    @pytest.mark.parametrize("value", [255, 0.5, np.nan])
    def test_mask_that_is_not_binary(self, value: float) -> None:
        with pytest.raises(ValueError, match="expected label of values 0 and 1"):
            score_image(square(5, 5), square(5, 5) * np.float32(value))
