"""Whether a size of pixels can be that of breast ultrasound."""

import math

_FINEST_MM, _COARSEST_MM = 0.01, 1.0
"""Side of a pixel. The finest probes, of 50 MHz and more, do not resolve the one, and the coarsest
image of 120 mm would have 120 rows of the other."""
_DEEPEST_MM, _WIDEST_MM = 120.0, 250.0
"""A breast probe shows less than 120 mm of depth. Panoramas and two images beside each other are
wider, up to the whole breast from side to side."""
_LEAST_MM = 3.0
"""Height and width below which there is nothing to see: a part of a lesion is larger."""
_MOST_RATIO = 4.0
"""Height over width of a pixel, or the reverse; it is 2 where every other line was left out."""
_DOTS_PER_INCH, _MM_PER_INCH = (72, 96, 100, 150, 200, 300, 600), 25.4
"""Resolutions of screen and paper that programs write where they know of no other."""
_SAME_AS_DOTS = 2e-4
"""Relative difference from those: PNG rounds them to whole dots per metre."""


def refuse_scale(mm: tuple[float, float], size: tuple[int, int] | None = None) -> str:
    """Say why a pixel size is not believed, whichever attribute it comes from.

    A wrong length is worse than none. Refused is what cannot be: sides of 0, below 0, infinite or
    no number, and pixels or images that no probe for the breast makes. So are placeholders: 1 mm x
    1 mm, and the dots per inch of a screen, a scanner or a printer.

    Args:
        mm: between rows and between columns.
        size: rows and columns of the image in px, `None` if unknown.

    Returns:
        The reason, without any value of the file; empty if the size is believed.

    Examples:
        >>> refuse_scale((0.08, 0.08), (600, 800))
        ''
        >>> refuse_scale((1, 1), (100, 100))
        '1 mm x 1 mm stands for a size that is not known'
        >>> refuse_scale((0.3, 0.3), (600, 800))
        'the image would be deeper than 120 mm'
    """
    if not all(0 < value < math.inf for value in mm):
        return "a side of 0, below 0, infinite or no number"
    if all(math.isclose(value, 1, rel_tol=_SAME_AS_DOTS) for value in mm):
        return "1 mm x 1 mm stands for a size that is not known"
    for dots in _DOTS_PER_INCH:
        if all(math.isclose(value, _MM_PER_INCH / dots, rel_tol=_SAME_AS_DOTS) for value in mm):
            return f"{dots} dots per inch are those of a screen, a scanner or a printer"
    if min(mm) < _FINEST_MM:
        return f"pixels of less than {_FINEST_MM:g} mm"
    if max(mm) >= _COARSEST_MM:
        return f"pixels of {_COARSEST_MM:g} mm or more"
    if max(mm) > _MOST_RATIO * min(mm):
        return f"pixels more than {_MOST_RATIO:g} times as long as they are wide, or the reverse"
    return "" if size is None else _refuse_image(mm[0] * size[0], mm[1] * size[1])


def _refuse_image(height: float, width: float) -> str:
    if height > _DEEPEST_MM:
        return f"the image would be deeper than {_DEEPEST_MM:g} mm"
    if width > _WIDEST_MM:
        return f"the image would be wider than {_WIDEST_MM:g} mm"
    if min(height, width) < _LEAST_MM:
        return f"the image would measure less than {_LEAST_MM:g} mm"
    return ""
