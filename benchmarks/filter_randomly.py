"""Experiment: random filters change the texture of images."""

import torch
from ignite.engine import Engine, Events
from torch.nn import functional


class FilterRandomly:
    """Add to images what a random filter makes of them.

    Another filter for each image changes its texture, and leaves what is where and, for the most
    part, what is dark and bright (RandConv, mixed: Xu et al., ICLR 2021, arXiv 2007.13003).

    Args:
        prob: probability that an image is changed.
        most: highest weight of what is added, in standard deviations of the image.
        sizes: of the filter, one of these odd numbers of pixels.
    """

    def __init__(
        self, *, prob: float = 0.5, most: float = 0.7, sizes: tuple[int, ...] = (3, 5, 7)
    ) -> None:
        self.prob = prob
        self.most = most
        self.sizes = sizes

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer whose batches are dictionaries with `image`."""
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Change images of the batch that is about to be trained on."""
        images: torch.Tensor = engine.state.batch["image"]
        filtered = torch.cat([self._filter(image[None]) for image in images])
        count = len(images)
        weight = self.most * torch.rand(count, 1, 1, 1)
        weight = weight * (torch.rand(count, 1, 1, 1) < self.prob)
        mixed = _standardize(images + weight * _standardize(filtered))
        engine.state.batch = {**engine.state.batch, "image": mixed}

    def _filter(self, image: torch.Tensor) -> torch.Tensor:
        size = self.sizes[int(torch.randint(len(self.sizes), ()))]
        padded = functional.pad(image, [size // 2] * 4, mode="reflect")
        return functional.conv2d(padded, torch.randn(1, 1, size, size))


def _standardize(images: torch.Tensor) -> torch.Tensor:
    mean, spread = images.mean((1, 2, 3), True), images.std((1, 2, 3), keepdim=True)
    return (images - mean) / spread.clamp(min=1e-6)
