"""Speckle: from tissue to a log-compressed B-mode image."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from pipeline.phantom.phantom_tissue import Tissue, draw_waves

DYNAMIC_RANGE_DB = 60.0
"""Echo level shown as black, below white."""

NOISE_DB = (-66.0, -56.0)
"""Electronic noise below white at the skin and at the bottom, after the depth gain."""

AXIAL_MM = 0.11
"""Standard deviation of the point-spread function along the beam."""

LATERAL_MM = (0.16, 0.24, 0.38)
"""Standard deviation of the point-spread function across the beam: top, middle, bottom."""

ENVELOPE_MM = 0.07
"""Standard deviation of the smoothing of the envelope by scan conversion."""

GAIN_DB, LATERAL_GAIN_DB = 3.0, 1.5
"""Standard deviation of the gain between images, and of its slow change within one."""

SHARPNESS = (0.8, 1.4)
"""Factor on the point-spread function: probes differ in frequency."""

LEAST_BLUR_PX = 0.55
"""Least standard deviation in pixels, so that a coarse phantom has speckle and not grit."""


def draw_scatterers(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.complex64]:
    """Draw scatterers of unit power.

    Args:
        rng: source of chance.
        shape: rows and columns.

    Returns:
        complex64 (H, W), circular Gaussian, so that the envelope is Rayleigh distributed.
    """
    parts = rng.standard_normal((2, *shape), dtype=np.float32) * np.float32(np.sqrt(0.5))
    return np.asarray(parts[0] + 1j * parts[1], dtype=np.complex64)


def render_bmode(
    tissue: Tissue,
    scatterers: NDArray[np.complex64],
    noise: NDArray[np.complex64],
    settings: np.random.Generator,
) -> NDArray[np.uint8]:
    """Image the tissue as a linear probe would.

    The point-spread function is wider across than along the beam and widens with depth. The loss
    along the beam is only what the depth gain does not make up for.

    Args:
        tissue: echo and loss of the field, (H, W).
        scatterers: complex64 (H, W) of unit power, from `draw_scatterers`.
        noise: the same, independent of it, for the electronic noise.
        settings: source of chance of the scanner's gain and the probe's sharpness.

    Returns:
        uint8 (H, W), 0 black to 255 white.
    """
    rows = tissue.echo_db.shape[0]
    mm = tissue.mm_per_pixel
    field = scatterers * np.power(10, tissue.echo_db / 20)
    sharpness = settings.uniform(*SHARPNESS)
    axial = max(LEAST_BLUR_PX, AXIAL_MM * sharpness / mm)
    widths = [max(LEAST_BLUR_PX, width * sharpness / mm) for width in LATERAL_MM]
    layers = [_blur(field, (axial, width)) for width in widths]
    at = np.linspace(0, len(layers) - 1, rows)
    echo = np.zeros_like(field)
    for index, layer in enumerate(layers):
        echo += layer * np.maximum(0, 1 - np.abs(at - index))[:, None]
    loss = np.cumsum(tissue.loss_db_per_mm, axis=0) * mm
    # A shadow has soft sides: the aperture looks around the edge of what casts it.
    loss = gaussian_filter1d(loss, max(LEAST_BLUR_PX, 0.3 / mm), axis=1)
    echo *= np.power(10, -loss / 20)
    floor = np.linspace(*NOISE_DB, rows)[:, None]
    echo += _blur(noise, (LEAST_BLUR_PX, 1.0)) * np.power(10, floor / 20)
    envelope = gaussian_filter(np.abs(echo), ENVELOPE_MM * sharpness / mm)
    gain = draw_waves(settings, tissue.echo_db.shape, mm, tissue.size_mm) * LATERAL_GAIN_DB
    gain += settings.normal(0, GAIN_DB)
    level = 20 * np.log10(np.maximum(envelope, 1e-6)) + gain
    grey = 255 * np.clip(1 + level / DYNAMIC_RANGE_DB, 0, 1)
    return np.asarray(np.rint(grey), dtype=np.uint8)


def _blur(field: NDArray[np.complex64], sigma: tuple[float, float]) -> NDArray[np.complex64]:
    """Blur a field of white noise and give it its power back."""
    power = 1.0
    for width in sigma:
        pulse = np.zeros(2 * int(5 * width + 2) + 1)
        pulse[pulse.size // 2] = 1
        power *= float(np.sum(gaussian_filter1d(pulse, width) ** 2))
    blurred = gaussian_filter(field, sigma, mode="reflect")
    return np.asarray(blurred / np.sqrt(power), dtype=np.complex64)
