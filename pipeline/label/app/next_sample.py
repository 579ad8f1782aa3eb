"""Our strategies of active learning as MONAI Label's."""

from typing import Any

from monailabel.interfaces.datastore import Datastore
from monailabel.interfaces.tasks.strategy import Strategy

from pipeline.label.sampler import Sampler

DESCRIPTIONS = {
    "uncertain": "The image whose outline the network doubts most",
    "random": "Any image",
    "first": "The first image",
}
"""By the names of `Sampler`'s strategies."""


class NextSample(Strategy):
    """Choose the next image to label.

    Args:
        sampler: chooses.
        name: of its strategy.
    """

    def __init__(self, sampler: Sampler, name: str) -> None:
        super().__init__(DESCRIPTIONS[name])
        self._sampler = sampler
        self._name = name

    def __call__(self, request: dict[str, Any], datastore: Datastore) -> dict[str, Any] | None:
        """Choose.

        Args:
            request: is not looked at.
            datastore: is not looked at.

        Returns:
            ``id`` of the frame, `None` if all are labeled.
        """
        chosen = self._sampler.choose(self._name)
        return None if chosen is None else {"id": chosen[0].name_frame(chosen[1])}
