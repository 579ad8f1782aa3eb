"""Random gain along depth, as from an operator's time gain compensation."""

import numpy as np
import torch
from monai.config import KeysCollection

from pipeline.transforms.rand_image_transform import RandImageTransform, RandImageTransformd


class RandDepthGain(RandImageTransform):
    """Brighten and darken bands of depth with a smooth random curve.

    The grey values are log-compressed echo, so a gain in dB is a sum: a curve through `knots`
    random values, evenly spaced over the rows, is added and the result clipped to 0..255. Black
    stays black, as there is no echo to amplify.

    Args:
        prob: probability of doing anything.
        amplitude: largest gain at a knot, in grey values.
        knots: number of random values along the rows.

    Raises:
        ValueError: fewer than two knots or a negative amplitude.
    """

    def __init__(self, *, prob: float = 0.3, amplitude: float = 40.0, knots: int = 4) -> None:
        super().__init__(prob)
        if knots < 2 or amplitude < 0:
            msg = f"expected knots >= 2 and amplitude >= 0, got {knots} and {amplitude}"
            raise ValueError(msg)
        self.amplitude = amplitude
        self.knots = knots
        self._gains = np.zeros(knots)

    def randomize(self, data: object = None) -> None:
        """Draw whether to act, and the gain at each knot."""
        super().randomize(data)
        self._gains = self.R.uniform(-self.amplitude, self.amplitude, self.knots)

    def change(self, image: torch.Tensor) -> torch.Tensor:
        """Apply the curve.

        Returns:
            The image with its gain, of the same shape and type.
        """
        rows = np.linspace(0, self.knots - 1, image.shape[-2])
        curve = np.interp(rows, np.arange(self.knots), self._gains)
        gain = torch.as_tensor(curve, dtype=image.dtype)[:, None]
        return torch.where(image > 0, (image + gain).clamp(0, 255), image)


class RandDepthGaind(RandImageTransformd):
    """Dictionary-based wrapper of `RandDepthGain`.

    Args:
        keys: images (1, H, W), rows first, float, 0 to 255; the rest is as in `RandDepthGain`.
    """

    def __init__(
        self, keys: KeysCollection, *, prob: float = 0.3, amplitude: float = 40.0, knots: int = 4
    ) -> None:
        super().__init__(keys, RandDepthGain(prob=prob, amplitude=amplitude, knots=knots))
