"""Train on small images first, which saves time."""

import torch
from ignite.engine import Engine, Events
from torch.nn.functional import interpolate

_STEP = 32
"""The network halves its images five times."""


class GrowImages:
    """Make the images of a batch smaller, less and less so as the training goes on.

    What a lesion looks like is learnt from few pixels as well, and where it ends in the rest of
    the training (progressive resizing, as in EfficientNetV2: Tan and Le, ICML 2021,
    arXiv 2104.00298).

    Args:
        first: share of height and width at the start, above 0 to 1; 1 leaves all as it is.
        until: share of the training after which images have their full size, 0 to 1.

    Raises:
        ValueError: a share is out of its range.
    """

    def __init__(self, *, first: float = 0.5, until: float = 0.6) -> None:
        if not (0 < first <= 1 and 0 <= until <= 1):
            msg = f"expected shares between 0 and 1, got first={first} and until={until}"
            raise ValueError(msg)
        self.first = first
        self.until = until

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer whose batches are dictionaries of `image` and `label`."""
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Resize the batch that is about to be trained on."""
        batch = engine.state.batch
        total = (engine.state.max_epochs or 1) * (engine.state.epoch_length or 1)
        share = self.find_share((engine.state.iteration - 1) / total)
        size = [_STEP * max(round(share * side / _STEP), 1) for side in batch["image"].shape[2:]]
        if tuple(size) == tuple(batch["image"].shape[2:]):
            return
        image: torch.Tensor = batch["image"]
        engine.state.batch = {
            **batch,
            "image": interpolate(image, size, mode="bilinear", antialias=True),
            # Its channels are codes: nothing between them means anything.
            "label": interpolate(batch["label"], size, mode="nearest-exact"),
        }

    def find_share(self, done: float) -> float:
        """Find the share of height and width.

        Args:
            done: share of the training that is done, 0 to 1.

        Examples:
            >>> grow = GrowImages(first=0.5, until=0.5)
            >>> [grow.find_share(done) for done in (0.0, 0.25, 0.5, 1.0)]
            [0.5, 0.75, 1.0, 1.0]
        """
        if done >= self.until:
            return 1.0
        return self.first + (1 - self.first) * done / self.until
