"""How far people correct the network, as MONAI Label's scoring method."""

from typing import Any

from monailabel.interfaces.datastore import Datastore
from monailabel.interfaces.tasks.scoring import ScoringMethod

from pipeline.label.workbench import Workbench


class DiceScoring(ScoringMethod):
    """Dice between what the network had said and the final label, for each frame with both.

    Args:
        workbench: of the labels.
    """

    def __init__(self, workbench: Workbench) -> None:
        super().__init__("Dice between the prediction and the final label")
        self._workbench = workbench

    def __call__(self, request: dict[str, Any], datastore: Datastore) -> dict[str, float]:
        """Score all labels, and note the score of each image.

        Args:
            request: is not looked at.
            datastore: is not looked at.

        Returns:
            Dice, 0 to 1, by image id.
        """
        scores = self._workbench.score()
        for name, dice in scores.items():
            self._workbench.add_notes(name, {"dice": dice})
        return scores
