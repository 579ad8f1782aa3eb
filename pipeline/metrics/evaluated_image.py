"""One image of an evaluation."""

from dataclasses import dataclass

from pipeline.metrics.image_scores import ImageScores


@dataclass(frozen=True)
class EvaluatedImage:
    """Identity of an image, and how well its lesion was found.

    Attributes:
        id: unique name of the image, such as `busi/benign_001`.
        group: images that are not independent (one patient, near-copies) share it.
        source: the data set, such as `busi`.
        pathology: benign, malignant, normal or unknown.
        probability: of a lesion anywhere in the image, 0 to 1.
        scores: of the predicted mask.
        boundary_uncertainty: doubtful over lesion pixels, `None` if it was not computed.
        malignancy: mean of the network's second channel over the predicted mask, 0 to 1, `None`
            if it has no such channel or the mask is black.
    """

    id: str
    group: str
    source: str
    pathology: str
    probability: float
    scores: ImageScores
    boundary_uncertainty: float | None = None
    malignancy: float | None = None
