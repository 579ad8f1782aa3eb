"""The scores of one image."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageScores:
    """How well one predicted mask agrees with the true one; made by `score_image`.

    `None` means that a score is undefined, never that it was not computed.

    Attributes:
        dice: 0 to 1; `None` if the truth holds no lesion.
        iou: 0 to 1; `None` if the truth holds no lesion.
        hd95_px: 95th percentile Hausdorff distance in pixels; `None` unless both masks hold
            a lesion.
        assd_px: average symmetric surface distance in pixels; `None` as for `hd95_px`.
        precision: 0 to 1; `None` if the truth holds no lesion.
        recall: 0 to 1; `None` if the truth holds no lesion.
        lesion_px: area of the true mask in pixels.
        pred_px: area of the predicted mask in pixels.
        overlap_px: area of the intersection in pixels.
        false_lesions: predicted components (8-connected) without a pixel on the truth.
    """

    dice: float | None
    iou: float | None
    hd95_px: float | None
    assd_px: float | None
    precision: float | None
    recall: float | None
    lesion_px: int
    pred_px: int
    overlap_px: int
    false_lesions: int

    @property
    def has_lesion(self) -> bool:
        """Whether the truth holds a lesion; if not, the image is a normal one."""
        return self.lesion_px > 0

    @property
    def missed(self) -> bool:
        """Whether there is a lesion, but nothing was predicted at all."""
        return self.has_lesion and self.pred_px == 0

    @property
    def misplaced(self) -> bool:
        """Whether there is a lesion and a prediction, and they share no pixel."""
        return self.has_lesion and self.pred_px > 0 and self.overlap_px == 0
