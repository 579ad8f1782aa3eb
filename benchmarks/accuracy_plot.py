"""The reliability plot of docs/model.md: how many lesions are malignant, of those told so."""

from collections.abc import Sequence

import numpy as np
from accuracy_choices import Row, is_told
from PIL import Image, ImageDraw, ImageFont


def plot_malignancy(rows: Sequence[Row]) -> Image.Image:
    """Draw the share of malignant lesions over the probability told, in tenths."""
    side, margin = 420, 44
    picture = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13)
    span = side - 2 * margin
    draw.rectangle((margin, margin, side - margin, side - margin), outline="gray")
    draw.line((margin, side - margin, side - margin, margin), fill="lightgray")
    told = [row for row in rows if row["malignancy"] is not None and is_told(row)]
    kinds = (("fold-", "folds", "royalblue"), ("without-", "data set left out", "darkorange"))
    for place, (prefix, name, colour) in enumerate(kinds):
        part = [row for row in told if row["run"].startswith(prefix)]
        draw.text((margin + 8, margin + 6 + 16 * place), name, fill=colour, font=font)
        points = []
        for tenth in range(10):
            members = [row for row in part if min(int(row["malignancy"] * 10), 9) == tenth]
            if len(members) < 10:
                continue
            x = np.mean([row["malignancy"] for row in members])
            y = np.mean([row["pathology"] == "malignant" for row in members])
            points.append((margin + x * span, side - margin - y * span))
        draw.line(points, fill=colour, width=2)
        for x, y in points:
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
    for value in (0, 0.5, 1):
        at = margin + value * span
        draw.text((at, side - margin + 6), f"{value:g}", fill="black", font=font, anchor="ma")
        at = side - margin - value * span
        draw.text((margin - 6, at), f"{value:g}", fill="black", font=font, anchor="rm")
    label = "probability of malignancy told"
    draw.text((side / 2, side - 16), label, fill="black", font=font, anchor="mm")
    draw.text((side / 2, 22), "share that is malignant", fill="black", font=font, anchor="mm")
    return picture
