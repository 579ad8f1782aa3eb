"""Experiment: the look of one image for the tissue of another."""

import torch
from ignite.engine import Engine, Events


class MixAmplitudes:
    """Mix the low-frequency amplitudes of the images of a batch, and leave their phases.

    Where things are is mostly in the phases, and how bright and smooth they are in the amplitudes,
    so that an image gets some of the look of another scanner (FDA: Yang and Soatto, CVPR 2020,
    arXiv 2004.05498; mixed by a random share as in Xu et al., CVPR 2021, arXiv 2105.11120).

    Args:
        prob: probability that an image is changed.
        band: highest frequency that is mixed, as a share of that of the pixels, above 0 to 0.5.
    """

    def __init__(self, *, prob: float = 0.5, band: float = 0.05) -> None:
        self.prob = prob
        self.band = band

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer whose batches are dictionaries with `image`."""
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Mix the images of the batch that is about to be trained on."""
        images: torch.Tensor = engine.state.batch["image"]
        count, _, height, width = images.shape
        share = torch.rand(count, 1, 1, 1) * (torch.rand(count, 1, 1, 1) < self.prob)
        rows = torch.fft.fftfreq(height).abs()[:, None]
        columns = torch.fft.rfftfreq(width)[None]
        share = share * ((rows <= self.band) & (columns <= self.band))
        spectrum = torch.fft.rfft2(images)
        amplitude = spectrum.abs()
        amplitude = torch.lerp(amplitude, amplitude[torch.randperm(count)], share)
        mixed = torch.fft.irfft2(torch.polar(amplitude, spectrum.angle()), s=(height, width))
        mean, spread = mixed.mean((1, 2, 3), True), mixed.std((1, 2, 3), keepdim=True)
        mixed = (mixed - mean) / spread.clamp(min=1e-6)
        engine.state.batch = {**engine.state.batch, "image": mixed}
