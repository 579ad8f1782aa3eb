"""The tables and the summary of a cross-validation from its rows (see `accuracy.py`).

Every image with a lesion counts once in a mean, with Dice 0 if nothing was marked. Images of all
five folds are pooled, each scored by the network that did not see its fold. Intervals are 95 %
percentile bootstrap intervals over draws of whole groups (patients, near-copies).

The present recipe is the last one of `RECIPES` that folds were run with; rows of older ones stay
for comparison.

The operating point, the least probability at which an image gets a mask, is chosen anew for each
fold on the rows of the four others (of an older recipe while there are none of its own), and for a
data set that was left out on the rows of the other one. It brings both shares that are aimed at as
near as can be: the larger of that of normal images marked, over 10 %, and that of lesions missed,
over 3 %, is least; of equal values, their sum, then the number of parts beside lesions that are
marked, and then the value. Where there are no normal images, those parts take their place. A
lesion is missed if its image has no mark at all; one whose marks do not touch it is told beside
that, as misplaced.

The probability of malignancy is the mean of the network's second channel over the mask, scaled
(see `MalignancyScale`) by two numbers that are fitted on the same other folds or other data set.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pages import replace_between
from PIL import Image, ImageDraw, ImageFont
from scipy.optimize import minimize
from scipy.stats import rankdata

from pipeline import RESEARCH_ONLY
from pipeline.atomic import write_atomically
from pipeline.lesions import MalignancyScale
from pipeline.metrics.bootstrap_interval import bootstrap_interval
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.image_scores import ImageScores
from pipeline.metrics.summarise import summarise

ROOT = Path(__file__).resolve().parents[1]
ROWS = ROOT / "bundle" / "evaluation" / "cross_validation.csv"
SUMMARY = ROOT / "bundle" / "evaluation" / "summary.json"
PAGE = ROOT / "docs" / "model.md"
PLOT = ROOT / "docs" / "malignancy.png"
BEGIN = "<!-- accuracy: made by python benchmarks/accuracy.py table -->"
END = "<!-- end of accuracy -->"

RECIPES = (
    "8 epochs",
    "16 epochs",
    "16 epochs, lesions covered",
    "28 epochs, lesions covered, artefacts",
    "28 epochs, lesions covered, artefacts, own statistics",
)
"""What the configs were, oldest first; a change of them that matters gets a new name here."""

MARKED = 0.10
"""Share of normal images that are marked at the operating point, as aimed at."""

MISSED = 0.03
"""Share of lesions that are missed there, as aimed at."""

SOURCES = {"busi": "BUSI", "busbra": "BUS-BRA"}
SIZES = ((0.0, 0.02), (0.02, 0.05), (0.05, 0.15), (0.15, 1.0))
"""Area of the lesion as a share of the image's."""

LEAST_IMAGES = 10
"""Images of a device that get a line of their own."""

POINTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Operating points of the table."""

_KINDS = ("malignant", "benign")

Row = dict[str, Any]


def write_tables() -> None:
    """Put the tables into docs/model.md and the summary to where the bundle has it."""
    rows, raw = read_rows(), read_raw_rows()
    text = json.dumps({"notice": RESEARCH_ONLY, **summarise_folds(rows)}, indent=2)
    write_atomically(SUMMARY, f"{text}\n".encode())
    replace_between(PAGE, BEGIN, END, format_tables(rows, raw))
    _plot_malignancy(drop_older(rows)).save(PLOT)
    print(f"wrote the tables of {PAGE}, {SUMMARY} and {PLOT}; now python -m bundle.update_metadata")
    folds = choose_recipe(raw)
    print(f"for the configs: min_lesion_probability {choose_operating_point(folds)}")
    print(f"for the configs: {fit_malignancy_scale(folds)}")


def summarise_folds(rows: Sequence[Row]) -> dict[str, Any]:
    """Sum up the images of all folds, at the operating point, as an evaluation does."""
    folds = [row for row in choose_recipe(rows) if row["list"] == "test"]
    count = len({row["run"] for row in folds})
    images = [
        EvaluatedImage(
            id=row["id"],
            group=row["group"],
            source=row["source"],
            pathology=row["pathology"],
            probability=row["probability"],
            scores=_read_scores(row),
        )
        for row in folds
    ]
    return summarise(images, split=f"cross-validation, {count} of 5 folds")


def choose_recipe(rows: Sequence[Row]) -> list[Row]:
    """Choose the rows of the folds that have been run with the newest recipe."""
    folds = [row for row in rows if row["run"].startswith("fold-")]
    newest = max((row["recipe"] for row in folds), key=RECIPES.index)
    return [row for row in folds if row["recipe"] == newest]


def drop_older(rows: Sequence[Row]) -> list[Row]:
    """Drop what a newer recipe has been run for: all older folds, older runs without a data set."""
    newest: dict[str, int] = {}
    for row in rows:
        kind = _name_kind(row)
        newest[kind] = max(newest.get(kind, 0), RECIPES.index(row["recipe"]))
    return [row for row in rows if RECIPES.index(row["recipe"]) == newest[_name_kind(row)]]


def _name_kind(row: Row) -> str:
    return "folds" if row["run"].startswith("fold-") else str(row["run"])


def _read_scores(row: Row) -> ImageScores:
    """Read the scores, those of an empty mask if the image lies below the operating point."""
    if row["lesion_px"] and not row["kept"]:
        return ImageScores(0.0, 0.0, None, None, 0.0, 0.0, row["lesion_px"], 0, 0, 0)
    names = ("dice", "iou", "hd95_px", "assd_px", "precision", "recall")
    values = [None if row[name] in ("", None) else float(row[name]) for name in names]
    counts = (row["pred_px"], int(row["overlap_px"]), int(row["false_lesions"]))
    return ImageScores(*values, row["lesion_px"], *(counts if row["kept"] else (0, 0, 0)))


def read_rows(path: Path = ROWS) -> list[Row]:
    """Read the rows, numbers as numbers, with operating point and scale of other rows applied."""
    rows = read_raw_rows(path)
    raw = [dict(row) for row in rows]
    for run, recipe in sorted({(row["run"], row["recipe"]) for row in rows}):
        others = _choose_others(raw, run, recipe)
        point, scale = choose_operating_point(others), fit_malignancy_scale(others)
        for row in rows:
            if (row["run"], row["recipe"]) == (run, recipe):
                row["kept"] = row["probability"] >= point
                if row["malignancy"] is not None:
                    row["malignancy"] = scale.scale(row["malignancy"])
    return rows


def _choose_others(rows: Sequence[Row], run: str, recipe: str) -> list[Row]:
    """Choose rows of folds that have no image of a run's test list, and no later recipe."""
    left_out = run.removeprefix("without-")
    others = [row for row in rows if row["run"] != run and row["source"] != left_out]
    known = RECIPES[: RECIPES.index(recipe) + 1]
    return choose_recipe([row for row in others if row["recipe"] in known])


def read_raw_rows(path: Path = ROWS) -> list[Row]:
    """Read the rows, numbers as numbers."""
    with path.open(newline="") as file:
        rows: list[Row] = list(csv.DictReader(file))
    for row in rows:
        row["dice"] = float(row["dice"]) if row["dice"] else None
        for name in ("lesion_px", "pred_px", "image_px"):
            row[name] = int(row[name])
        row["probability"] = float(row["probability"])
        row["malignancy"] = float(row["malignancy"]) if row["malignancy"] else None
        row["normal"] = row["list"] == "test" and not row["lesion_px"]
        row["part"] = row["list"] == "lesion_free"
    return rows


def fit_malignancy_scale(rows: Sequence[Row]) -> MalignancyScale:
    """Fit the scale by maximum likelihood.

    Args:
        rows: with `malignancy` as the network told it; those of no known pathology are left out.
    """
    known = [row for row in rows if row["malignancy"] is not None and _is_told(row)]
    means = np.clip([row["malignancy"] for row in known], 1e-6, 1 - 1e-6)
    logits = np.log(means / (1 - means))
    signs = np.where([row["pathology"] == "malignant" for row in known], 1.0, -1.0)

    def lose(numbers: Sequence[float]) -> float:
        return float(np.logaddexp(0, -signs * (numbers[0] * logits + numbers[1])).mean())

    slope, offset = minimize(lose, (1.0, 0.0)).x
    return MalignancyScale(round(float(slope), 3), round(float(offset), 3))


def _is_told(row: Row) -> bool:
    return bool(row["lesion_px"]) and row["pathology"] in {"benign", "malignant"}


def choose_operating_point(rows: Sequence[Row]) -> float:
    """Choose the least probability of an image that gets a mask, see the head of this file.

    Args:
        rows: none of them of the images that are reported with it.

    Returns:
        0 to 1, a multiple of 0.01.
    """
    normals = [row for row in rows if row["normal"]] or [row for row in rows if row["part"]]
    lesions = [row for row in rows if row["lesion_px"]]
    quiet = np.array([row["probability"] for row in normals if row["pred_px"]])
    found = np.array([row["probability"] for row in lesions if row["pred_px"]])
    beside = np.array([row["probability"] for row in rows if row["part"] and row["pred_px"]])
    points = np.arange(100) / 100
    shares = [
        (
            (quiet >= point).sum() / len(normals) / MARKED,
            (len(lesions) - (found >= point).sum()) / len(lesions) / MISSED,
        )
        for point in points
    ]
    costs = [
        (round(max(each), 9), round(sum(each), 9), int((beside >= point).sum()))
        for each, point in zip(shares, points, strict=True)
    ]
    return costs.index(min(costs)) / 100


def format_tables(rows: Sequence[Row], raw: Sequence[Row]) -> str:
    """Write all tables as Markdown.

    Args:
        rows: of `read_rows`.
        raw: of `read_raw_rows`, for the table of operating points.
    """
    folds = [row for row in rows if row["run"].startswith("fold-")]
    unseen = [row for row in rows if row["run"].startswith("without-")]
    lines = [
        "| trained on | tested on | lesion images | Dice (95 % interval) | with operating point |"
        " median | IoU | missed | misplaced | normal images marked | parts beside lesions marked |"
        " image AUC |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for recipe in _list_recipes(folds):
        chosen = [row for row in folds if row["recipe"] == recipe]
        names = sorted({row["run"].removeprefix("fold-") for row in chosen})
        trained = f"both, {recipe}, fold{'s' * (len(names) > 1)} {', '.join(names)}"
        for source, name in SOURCES.items():
            part = [row for row in chosen if row["source"] == source]
            lines.append(_format_scores(trained, name, part))
        lines.append(_format_scores(trained, "**both**", chosen))
    for source, name in SOURCES.items():
        other = next(title for key, title in SOURCES.items() if key != source)
        for recipe in _list_recipes(unseen):
            part = [row for row in unseen if (row["source"], row["recipe"]) == (source, recipe)]
            if part:
                lines.append(_format_scores(f"{other} only, {recipe}", name, part))
    lines += ["", *_format_gain(rows)]
    folds = choose_recipe(folds)
    lines += [
        "",
        "| images of the folds | images | Dice (95 % interval) | missed | misplaced |",
        "|---|---|---|---|---|",
    ]
    lesions = [row for row in folds if row["lesion_px"]]
    for name, choose in _list_strata(lesions):
        lines.append(_format_stratum(name, [row for row in lesions if choose(row)]))
    lines += ["", *_format_malignancy(folds, drop_older(unseen))]
    lines += ["", *_format_points("folds", choose_recipe(raw))]
    newest = drop_older(raw)
    for source, name in SOURCES.items():
        part = [row for row in newest if row["run"] == f"without-{source}"]
        if part:
            lines += ["", *_format_points(f"{name}, not trained on", part)]
    return "".join(f"{line}\n" for line in lines)


def _list_recipes(rows: Sequence[Row]) -> list[str]:
    """List the recipes of rows, newest first."""
    return sorted({row["recipe"] for row in rows}, key=RECIPES.index, reverse=True)


def _format_gain(rows: Sequence[Row]) -> list[str]:
    """Compare the newest recipe with older ones on the lesion images that both were tested on."""
    lines = [
        "| lesion images of | Dice | in place of | difference (95 % interval) |"
        " malignancy AUC, BUSI | BUS-BRA |",
        "|---|---|---|---|---|---|",
    ]
    lesions = [row for row in rows if row["lesion_px"]]
    newest = {(_name_kind(row), row["id"]): row for row in drop_older(lesions)}
    for kind in sorted({_name_kind(row) for row in lesions}):
        mine = [row for row in lesions if _name_kind(row) == kind]
        for recipe in _list_recipes(mine)[1:]:
            old = [row for row in mine if row["recipe"] == recipe and (kind, row["id"]) in newest]
            if old:
                new = [newest[kind, row["id"]] for row in old]
                lines.append(_format_change(new, old))
    return lines if len(lines) > 2 else []


def _format_change(new: Sequence[Row], old: Sequence[Row]) -> str:
    cells = [
        ", ".join(sorted({row["run"] for row in old})),
        f"{np.mean([row['dice'] for row in new]):.3f} ({new[0]['recipe']})",
        f"{np.mean([row['dice'] for row in old]):.3f} ({old[0]['recipe']})",
        _format_interval([a["dice"] - b["dice"] for a, b in zip(new, old, strict=True)], old),
    ]
    for source in SOURCES:
        aucs = []
        for rows in (new, old):
            told = [row for row in rows if row["malignancy"] is not None]
            told = [row for row in told if row["source"] == source]
            kinds = ([row for row in told if row["pathology"] == kind] for kind in _KINDS)
            aucs.append(format_auc(*kinds, "malignancy"))
        cells.append(" in place of ".join(filter(None, aucs)))
    return f"| {' | '.join(cells)} |"


def _format_points(name: str, rows: Sequence[Row]) -> list[str]:
    lesions = [row for row in rows if row["lesion_px"]]
    lines = [
        f"| operating point, {name} | Dice | lesions missed | normal images marked |"
        " parts beside lesions marked |",
        "|---|---|---|---|---|",
    ]
    for point in POINTS:
        kept = [row for row in rows if row["probability"] >= point]
        dice = sum(row["dice"] for row in kept if row["lesion_px"]) / len(lesions)
        found = sum(bool(row["lesion_px"] and row["pred_px"]) for row in kept)
        cells = [f"{point:g}", f"{dice:.4f}", _format_share(len(lesions) - found, len(lesions))]
        for kind in ("normal", "part"):
            marked = sum(bool(row[kind] and row["pred_px"]) for row in kept)
            cells.append(_format_share(marked, sum(row[kind] for row in rows)))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _format_scores(trained: str, tested: str, rows: Sequence[Row]) -> str:
    lesions = [row for row in rows if row["lesion_px"]]
    normals = [row for row in rows if row["normal"]]
    parts = [row for row in rows if row["part"]]
    gated = [row["dice"] if row["kept"] else 0.0 for row in lesions]
    cells = [
        trained,
        tested,
        str(len(lesions)),
        _format_interval([row["dice"] for row in lesions], lesions),
        _format_interval(gated, lesions),
        f"{np.median(gated):.3f}",
        f"{np.mean([float(row['iou']) * row['kept'] for row in lesions]):.3f}",
        _format_share(sum(not _is_marked(row) for row in lesions), len(lesions)),
        _format_share(sum(_is_marked(row) and not row["dice"] for row in lesions), len(lesions)),
        _format_share(sum(_is_marked(row) for row in normals), len(normals)),
        _format_share(sum(_is_marked(row) for row in parts), len(parts)),
        format_auc(lesions, normals or parts, "probability"),
    ]
    return f"| {' | '.join(cells)} |"


def _is_marked(row: Row) -> bool:
    return bool(row["pred_px"] and row["kept"])


def _list_strata(lesions: Sequence[Row]) -> list[tuple[str, Callable[[Row], bool]]]:
    strata: list[tuple[str, Callable[[Row], bool]]] = []
    for source, title in SOURCES.items():
        for pathology in ("benign", "malignant"):
            strata.append(
                (
                    f"{title}, {pathology}",
                    lambda row, s=source, p=pathology: (row["source"], row["pathology"]) == (s, p),
                )
            )
    for low, high in SIZES:
        strata.append(
            (
                f"lesion of {low:.0%} to {high:.0%} of the image",
                lambda row, a=low, b=high: a <= row["lesion_px"] / row["image_px"] < b,
            )
        )
    devices = Counter(row["device"] for row in lesions if row["device"])
    for device in sorted(name for name, count in devices.items() if count >= LEAST_IMAGES):
        strata.append((device, lambda row, d=device: row["device"] == d))
    return strata


def _format_stratum(name: str, rows: Sequence[Row]) -> str:
    gated = [row["dice"] if row["kept"] else 0.0 for row in rows]
    missed = _format_share(sum(not _is_marked(row) for row in rows), len(rows))
    misplaced = _format_share(sum(_is_marked(row) and not row["dice"] for row in rows), len(rows))
    interval = _format_interval(gated, rows)
    return f"| {name} | {len(rows)} | {interval} | {missed} | {misplaced} |"


def _format_malignancy(folds: Sequence[Row], unseen: Sequence[Row]) -> list[str]:
    lines = [
        "| trained on | tested on | malignant | benign | AUC |"
        " told 0 to 20 % | 20 to 40 % | 40 to 60 % | 60 to 80 % | 80 to 100 % |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for trained, part in (("both, folds", folds), ("the other one", unseen)):
        for source, title in SOURCES.items():
            rows = [row for row in part if row["source"] == source and row["lesion_px"]]
            rows = [row for row in rows if row["malignancy"] is not None]
            malignant = [row for row in rows if row["pathology"] == "malignant"]
            benign = [row for row in rows if row["pathology"] == "benign"]
            if not rows:
                continue
            cells = [trained, title, str(len(malignant)), str(len(benign))]
            cells.append(format_auc(malignant, benign, "malignancy"))
            for low in (0.0, 0.2, 0.4, 0.6, 0.8):
                told = [
                    row
                    for row in rows
                    if low <= row["malignancy"] < low + 0.2 + 1e-6 * (low == 0.8)
                ]
                true = sum(row["pathology"] == "malignant" for row in told)
                cells.append(_format_share(true, len(told)))
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _format_interval(values: Sequence[float], rows: Sequence[Row]) -> str:
    if not values:
        return ""
    array = np.array(values)[:, None]
    low, high = bootstrap_interval(array, [row["group"] for row in rows])[0]
    return f"{array.mean():.3f} ({low:.3f} to {high:.3f})"


def _format_share(hits: int, number: int) -> str:
    return f"{hits} of {number} ({hits / number:.1%})" if number else ""


def format_auc(high: Sequence[Row], low: Sequence[Row], name: str) -> str:
    """Write the area under the curve that tells rows apart by one of their numbers.

    Args:
        high: rows whose number ought to be the higher one.
        low: the other ones.
        name: of the number.
    """
    if not high or not low:
        return ""
    ranks = rankdata([row[name] for row in [*high, *low]])[: len(high)]
    wins = ranks.sum() - len(high) * (len(high) + 1) / 2
    return f"{wins / (len(high) * len(low)):.3f}"


def _plot_malignancy(rows: Sequence[Row]) -> Image.Image:
    """Draw the share of malignant lesions over the probability told, in tenths."""
    side, margin = 420, 44
    picture = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13)
    span = side - 2 * margin
    draw.rectangle((margin, margin, side - margin, side - margin), outline="gray")
    draw.line((margin, side - margin, side - margin, margin), fill="lightgray")
    told = [row for row in rows if row["malignancy"] is not None and _is_told(row)]
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
