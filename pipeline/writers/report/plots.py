"""Plots as SVG, drawn by hand so that a page needs nothing else."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean, stdev

_WIDTH = 300
_HEIGHT = 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 6, 8, 36
_BINS = 20
_WORST = 8
_AGREEMENT = 1.96
"""Limits of agreement lie so many standard deviations from the mean: 95 % of a normal spread."""


@dataclass(frozen=True)
class Dot:
    """One image in a plot.

    Attributes:
        x: value across.
        y: value upwards.
        item: number of its card.
        missed: whether its lesion was missed.
    """

    x: float
    y: float
    item: int
    missed: bool = False


def plot_histogram(dices: Sequence[float]) -> str:
    """Draw how often each Dice occurs, 0 to 1 in 20 bins.

    Args:
        dices: of the images with a lesion.

    Returns:
        A figure; empty without values.
    """
    if not dices:
        return ""
    counts = [0] * _BINS
    for dice in dices:
        counts[min(int(dice * _BINS), _BINS - 1)] += 1
    axes = _Axes((0.0, 1.0), (0.0, float(max(counts))), "Dice", "images", least_step=1)
    bars = [
        f'<rect class="bar-of" x="{axes.across(number / _BINS) + 0.5:.1f}" '
        f'y="{axes.up(count):.1f}" width="{axes.across(1 / _BINS) - axes.across(0) - 1:.1f}" '
        f'height="{axes.up(0) - axes.up(count):.1f}"><title>'
        f"{number / _BINS:.2f} to {(number + 1) / _BINS:.2f}: {count} images</title></rect>"
        for number, count in enumerate(counts)
        if count
    ]
    mean = axes.across(fmean(dices))
    bars.append(f'<path class="mean" d="M{mean:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
    note = f"mean {fmean(dices):.3f} (line), {len(dices)} images with a lesion"
    return _frame_figure("Dice", note, axes.draw(bars))


def plot_sizes(dots: Sequence[Dot]) -> str:
    """Draw the Dice of each lesion over its size.

    Args:
        dots: long axis of the largest true lesion in px, and Dice.

    Returns:
        A figure; empty without dots.
    """
    if not dots:
        return ""
    span = _widen(0.0, max(dot.x for dot in dots))
    axes = _Axes((0.0, span[1]), (0.0, 1.0), "long axis of the truth in px", "Dice")
    return _frame_figure(
        "Size and Dice", "missed lesions in red", axes.draw(_draw_dots(axes, dots))
    )


def plot_agreement(pairs: Iterable[tuple[float, float, int]], unit: str) -> str:
    """Draw how far two measurements of a long axis differ, after Bland and Altman.

    Args:
        pairs: true length, predicted length, and number of the card.
        unit: of the lengths, `mm` or `px`.

    Returns:
        A figure; empty for less than two pairs.

    References:
        https://doi.org/10.1016/S0140-6736(86)90837-8
    """
    dots = [Dot((true + found) / 2, found - true, item) for true, found, item in pairs]
    if len(dots) < 2:
        return ""
    values = [dot.y for dot in dots]
    mean, spread = fmean(values), _AGREEMENT * stdev(values)
    low, high = mean - spread, mean + spread
    axes = _Axes(
        _widen(min(dot.x for dot in dots), max(dot.x for dot in dots)),
        _widen(min(*values, low, 0.0), max(*values, high, 0.0)),
        f"mean of both long axes in {unit}",
        f"prediction - truth in {unit}",
    )
    lines = [
        f'<path class="{name}" d="M{_LEFT} {axes.up(value):.1f}H{_WIDTH - _RIGHT}"/>'
        for name, value in (("limit", low), ("mean", mean), ("limit", high))
    ]
    note = (
        f"Bland-Altman: {mean:+.1f} {unit}, 95 % limits {low:+.1f} to {high:+.1f} {unit}, "
        f"{len(dots)} images"
    )
    title = f"Long axis in {unit}"
    return _frame_figure(title, note, axes.draw([*_draw_dots(axes, dots), *lines]))


def list_worst(dices: Iterable[tuple[float, int, str, int]]) -> str:
    """List the images with the lowest Dice.

    Args:
        dices: Dice, area of the true lesion in px, name and number of the card; of two with the
            same Dice the larger one is worse.

    Returns:
        A figure; empty without images.
    """
    worst = sorted(dices, key=lambda each: (each[0], -each[1], each[2]))[:_WORST]
    if not worst:
        return ""
    rows = "".join(
        f'<li><button type="button" class="link" data-item="{item}">{dice:.3f} '
        f"&ensp;{escape(name)}</button></li>"
        for dice, _, name, item in worst
    )
    return _frame_figure("Worst cases", "lowest Dice first", f'<ol class="worst">{rows}</ol>')


class _Axes:
    """A frame with ticks, and where a value lies in it."""

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        x_label: str,
        y_label: str,
        *,
        least_step: float = 0,
    ) -> None:
        self._x, self._y, self._least_step = x, y, least_step
        self._x_label, self._y_label = x_label, y_label

    def across(self, value: float) -> float:
        share = (value - self._x[0]) / ((self._x[1] - self._x[0]) or 1)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        share = (value - self._y[0]) / ((self._y[1] - self._y[0]) or 1)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def draw(self, content: Iterable[str]) -> str:
        floor = _HEIGHT - _BOTTOM
        parts = [
            f'<path class="grid" d="M{_LEFT} {self.up(value):.1f}H{_WIDTH - _RIGHT}"/>'
            f'<text x="{_LEFT - 7}" y="{self.up(value) + 4:.1f}" text-anchor="end">{name}</text>'
            for value, name in _list_ticks(*self._y, self._least_step)
        ]
        parts += [
            f'<text x="{self.across(value):.1f}" y="{floor + 15}" '
            f'text-anchor="middle">{name}</text>'
            for value, name in _list_ticks(*self._x)
        ]
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts.append(
            f'<text x="{middle}" y="{_HEIGHT - 4}" text-anchor="middle">{self._x_label}</text>'
            f'<text transform="translate(10 {(_TOP + floor) / 2}) rotate(-90)" '
            f'text-anchor="middle">{self._y_label}</text>'
        )
        label = f"{self._y_label} over {self._x_label}"
        return (
            f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
            f"{''.join(parts)}{''.join(content)}</svg>"
        )


def _draw_dots(axes: _Axes, dots: Iterable[Dot]) -> list[str]:
    return [
        f'<circle class="dot{" missed" if dot.missed else ""}" cx="{axes.across(dot.x):.1f}" '
        f'cy="{axes.up(dot.y):.1f}" r="2.6" data-item="{dot.item}"/>'
        for dot in dots
    ]


def _frame_figure(title: str, note: str, content: str) -> str:
    caption = f"<figcaption>{title}<small>{note}</small></figcaption>"
    return f"<figure>{caption}{content}</figure>\n"


def _widen(low: float, high: float) -> tuple[float, float]:
    """Leave room, also around a single value."""
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _list_ticks(low: float, high: float, least_step: float = 0) -> list[tuple[float, str]]:
    """Return four to ten round values, fewer if these are too close, and how they are written."""
    rough = (high - low or 1.0) / 5
    power: float = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.75)
    step = max(step, least_step)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(number * step, f"{number * step:.{digits}f}") for number in range(first, last + 1)]
