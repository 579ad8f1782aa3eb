"""The plots of docs/model.md: how often malignancy is right, and what operating points do."""

from collections.abc import Sequence

import numpy as np
from accuracy_choices import Row, is_known
from accuracy_rows import HOSPITALS, list_lesion_free
from PIL import Image, ImageDraw, ImageFont

_SIDE, _MARGIN = 420, 44
_SPAN = _SIDE - 2 * _MARGIN
_MOST_SILENT = 0.2
_COLOURS = dict(zip(HOSPITALS, ("royalblue", "darkorange", "seagreen"), strict=True))


def plot_malignancy(rows: Sequence[Row]) -> Image.Image:
    """Draw the share of malignant lesions over the probability that was given, in tenths.

    Args:
        rows: of hospitals that were left out.
    """
    picture, draw = _draw_frame(
        "probability of malignancy",
        "share that is malignant",
        (1, 1),
        _list_hospitals([row for row in rows if is_known(row)]),
        legend=_SIDE - _MARGIN - 60,
    )
    draw.line((_MARGIN, _SIDE - _MARGIN, _SIDE - _MARGIN, _MARGIN), fill="lightgray")
    for source, colour in _COLOURS.items():
        known = [row for row in rows if row["source"] == source and is_known(row)]
        known = [row for row in known if row["malignancy"] is not None]
        points = []
        for tenth in range(10):
            members = [row for row in known if min(int(row["malignancy"] * 10), 9) == tenth]
            if len(members) >= 10:
                share = np.mean([row["pathology"] == "malignant" for row in members])
                points.append((np.mean([row["malignancy"] for row in members]), share))
        _draw_line(draw, points, colour)
    return picture


def plot_points(rows: Sequence[Row]) -> Image.Image:
    """Draw the share of pictures without a lesion that are marked over that of silent lesions.

    Args:
        rows: of hospitals that were left out; see `list_lesion_free`.
    """
    picture, draw = _draw_frame(
        "lesion images that are silent, %",
        "pictures without a lesion that are marked, %",
        (100 * _MOST_SILENT, 100),
        _list_hospitals(rows),
        legend=_MARGIN + 8,
    )
    for source, colour in _COLOURS.items():
        part = [row for row in rows if row["source"] == source]
        free = list_lesion_free(part)
        lesions = [row for row in part if row["lesion_px"]]
        points = []
        for point in np.arange(101) / 100 if lesions and free else ():
            silent = float(np.mean([not _is_marked(row, point) for row in lesions]))
            if silent <= _MOST_SILENT:
                marked = float(np.mean([_is_marked(row, point) for row in free]))
                points.append((silent / _MOST_SILENT, marked))
        _draw_line(draw, points, colour)
    return picture


def _is_marked(row: Row, point: float) -> bool:
    return bool(row["pred_px"]) and row["probability"] >= point


def _list_hospitals(rows: Sequence[Row]) -> list[str]:
    return [source for source in HOSPITALS if source in {row["source"] for row in rows}]


def _draw_frame(
    below: str, above: str, ends: tuple[float, float], sources: Sequence[str], *, legend: int
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (_SIDE, _SIDE), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13)
    draw.rectangle((_MARGIN, _MARGIN, _SIDE - _MARGIN, _SIDE - _MARGIN), outline="gray")
    for place, source in enumerate(sources):
        at = _SIDE - _MARGIN - 8, legend + 16 * place
        draw.text(at, HOSPITALS[source], fill=_COLOURS[source], font=font, anchor="ra")
    for value in (0, 0.5, 1):
        x, y = _MARGIN + value * _SPAN, _SIDE - _MARGIN - value * _SPAN
        draw.text(
            (x, _SIDE - _MARGIN + 6), f"{value * ends[0]:g}", fill="black", font=font, anchor="ma"
        )
        draw.text((_MARGIN - 6, y), f"{value * ends[1]:g}", fill="black", font=font, anchor="rm")
    draw.text((_SIDE / 2, _SIDE - 16), below, fill="black", font=font, anchor="mm")
    draw.text((_SIDE / 2, 22), above, fill="black", font=font, anchor="mm")
    return picture, draw


def _draw_line(
    draw: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]], colour: str
) -> None:
    places = [(_MARGIN + x * _SPAN, _SIDE - _MARGIN - y * _SPAN) for x, y in points]
    draw.line(places, fill=colour, width=2)
    for x, y in places[:: max(len(places) // 20, 1)]:
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
