"""Random acoustic shadows, as ribs, ligaments and poor contact cast them."""

import numpy as np
import torch

from pipeline.transforms.rand_image_transform import (
    RandImageTransform,
    Range,
    check_ranges,
)

_SOFT = 0.06
"""Width of the edge of a shadow as a share of the image's width, or depth."""


class RandShadow(RandImageTransform):
    """Darken columns from some depth on.

    A lesion is dark and often casts a shadow; a shadow is no lesion. The grey values are
    log-compressed echo, so what is lost on the way is subtracted; the result is clipped at 0.

    Args:
        prob: probability of doing anything.
        number: most shadows in an image; at least one is drawn.
        width: least and largest share of the width that a shadow takes.
        depth: least and largest share of the height above it.
        loss: least and largest grey value that is subtracted.

    Raises:
        ValueError: `number` is below 1, or a range is not two numbers from 0 on, in order.
    """

    def __init__(
        self,
        *,
        prob: float = 0.3,
        number: int = 3,
        width: Range = (0.03, 0.2),
        depth: Range = (0.0, 0.5),
        loss: Range = (20.0, 90.0),
    ) -> None:
        super().__init__(prob)
        check_ranges(width=width, depth=depth, loss=loss)
        if number < 1:
            msg = f"expected a number >= 1, got {number}"
            raise ValueError(msg)
        self.number = number
        self.width = width
        self.depth = depth
        self.loss = loss
        self._shadows: list[tuple[float, float, float, float]] = []

    def randomize(self, data: object = None) -> None:
        """Draw whether to act, and middle, width, depth and loss of each shadow."""
        super().randomize(data)
        ranges = ((0.0, 1.0), self.width, self.depth, self.loss)
        self._shadows = [
            tuple(self.R.uniform(low, high) for low, high in ranges)
            for _ in range(self.R.randint(1, self.number + 1))
        ]

    def change(self, image: torch.Tensor) -> torch.Tensor:
        """Cast the shadows.

        Returns:
            The image with its shadows, of the same shape and type.
        """
        lost = torch.as_tensor(self._draw(*image.shape[-2:]), dtype=image.dtype)
        return (image - lost).clamp(min=0)

    def _draw(self, height: int, width: int) -> np.ndarray:
        """Draw what is lost, the most where shadows overlap."""
        rows = (np.arange(height) + 0.5)[:, None] / height
        columns = (np.arange(width) + 0.5) / width
        lost = np.zeros((height, width))
        for middle, size, depth, loss in self._shadows:
            across = (size / 2 - np.abs(columns - middle)) / _SOFT + 0.5
            down = (rows - depth) / _SOFT
            np.maximum(lost, loss * across.clip(0, 1) * down.clip(0, 1), out=lost)
        return lost
