"""The tables and the summary of a cross-validation from its rows (see `accuracy_rows.py`).

Every image with a lesion counts once in a mean, with Dice 0 if nothing was marked. Images of all
five folds are pooled, each scored by the network that did not see its fold. Intervals are 95 %
percentile bootstrap intervals over draws of whole groups (patients, near-copies). A lesion whose
image has no mark at all is missed; one whose marks do not touch it is told beside that, as
misplaced.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_choices import Row, choose_operating_point, fit_malignancy_scale
from accuracy_plot import plot_malignancy
from accuracy_rows import (
    ROWS,
    SOURCES,
    choose_recipe,
    drop_older,
    list_recipes,
    name_kind,
    read_raw_rows,
    read_rows,
)
from pages import replace_between
from scipy.stats import rankdata

from pipeline import RESEARCH_ONLY
from pipeline.atomic import write_atomically
from pipeline.metrics.bootstrap_interval import bootstrap_interval
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.image_scores import ImageScores
from pipeline.metrics.summarise import summarise

ROOT = Path(__file__).resolve().parents[1]
SUMMARY = ROWS.with_name("summary.json")
PAGE = ROOT / "docs" / "model.md"
PLOT = ROOT / "docs" / "malignancy.png"
CONFIG = ROOT / "configs" / "inference.json"
BEGIN = "<!-- accuracy: made by python benchmarks/accuracy.py table -->"
END = "<!-- end of accuracy -->"
BEGIN_OLDER = "<!-- older recipes: made by python benchmarks/accuracy.py table -->"
END_OLDER = "<!-- end of older recipes -->"

SIZES = ((0.0, 0.02), (0.02, 0.05), (0.05, 0.15), (0.15, 1.0))
"""Area of the lesion as a share of the image's."""

LEAST_IMAGES = 10
"""Images of a device that get a line of their own."""

POINTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Operating points of the table, beside that of the release."""

_KINDS = ("malignant", "benign")

_HEAD = (
    "| trained on | tested on | lesion images | Dice (95 % interval) | with operating point |"
    " median | IoU | missed | misplaced | normal images marked | parts beside lesions marked |"
    " image AUC |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
)


def write_tables() -> None:
    """Put the tables into docs/model.md and the summary to where the bundle has it."""
    rows, raw = read_rows(), read_raw_rows()
    text = json.dumps({"notice": RESEARCH_ONLY, **summarise_folds(rows)}, indent=2)
    write_atomically(SUMMARY, f"{text}\n".encode())
    replace_between(PAGE, BEGIN, END, format_tables(drop_older(rows), drop_older(raw)))
    replace_between(PAGE, BEGIN_OLDER, END_OLDER, format_older(rows))
    plot_malignancy(drop_older(rows)).save(PLOT)
    print(f"wrote the tables of {PAGE}, {SUMMARY} and {PLOT}; now python -m bundle.update_metadata")
    folds = choose_recipe(raw)
    print(f"for the configs: min_lesion_probability {choose_operating_point(folds)}")
    print(f"for the configs: {fit_malignancy_scale(folds)}")
    print("if they change, make the tables anew")


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


def _read_scores(row: Row) -> ImageScores:
    """Read the scores, those of an empty mask if the image lies below the operating point."""
    if row["lesion_px"] and not row["kept"]:
        return ImageScores(0.0, 0.0, None, None, 0.0, 0.0, row["lesion_px"], 0, 0, 0)
    names = ("dice", "iou", "hd95_px", "assd_px", "precision", "recall")
    values = [None if row[name] in ("", None) else float(row[name]) for name in names]
    counts = (row["pred_px"], int(row["overlap_px"]), int(row["false_lesions"]))
    return ImageScores(*values, row["lesion_px"], *(counts if row["kept"] else (0, 0, 0)))


def format_tables(rows: Sequence[Row], raw: Sequence[Row]) -> str:
    """Write the tables of the newest recipe as Markdown.

    Args:
        rows: of `read_rows`, without older ones.
        raw: of `read_raw_rows`, without older ones, for the tables of operating points.
    """
    folds = [row for row in rows if name_kind(row) == "folds"]
    lines = [*_format_recipes(rows), ""]
    lines += [
        "| images of the folds | images | Dice (95 % interval) | missed | misplaced |",
        "|---|---|---|---|---|",
    ]
    lesions = [row for row in folds if row["lesion_px"]]
    for name, choose in _list_strata(lesions):
        lines.append(_format_stratum(name, [row for row in lesions if choose(row)]))
    lines += ["", *_format_malignancy(rows)]
    lines += ["", *_format_points("folds", [row for row in raw if name_kind(row) == "folds"])]
    for source, name in SOURCES.items():
        part = [row for row in raw if row["run"] == f"without-{source}"]
        if part:
            lines += ["", *_format_points(f"{name}, not trained on", part)]
    return "".join(f"{line}\n" for line in lines)


def format_older(rows: Sequence[Row]) -> str:
    """Write the scores of older recipes, and how the newest compares with them, as Markdown.

    Args:
        rows: of `read_rows`.
    """
    newest = {id(row) for row in drop_older(rows)}
    older = [row for row in rows if id(row) not in newest]
    lines = [*_format_recipes(older), "", *_format_gain(rows)] if older else []
    return "".join(f"{line}\n" for line in lines)


def _format_recipes(rows: Sequence[Row]) -> list[str]:
    """Score each recipe on the folds it was run with and on the data sets that were left out."""
    folds = [row for row in rows if name_kind(row) == "folds"]
    unseen = [row for row in rows if name_kind(row) != "folds"]
    lines = list(_HEAD)
    for recipe in list_recipes(folds):
        chosen = [row for row in folds if row["recipe"] == recipe]
        names = sorted({row["run"].removeprefix("fold-") for row in chosen})
        trained = f"both, {recipe}, fold{'s' * (len(names) > 1)} {', '.join(names)}"
        for source, name in SOURCES.items():
            part = [row for row in chosen if row["source"] == source]
            lines.append(_format_scores(trained, name, part))
        lines.append(_format_scores(trained, "**both**", chosen))
    for source, name in SOURCES.items():
        other = next(title for key, title in SOURCES.items() if key != source)
        for recipe in list_recipes(unseen):
            part = [row for row in unseen if (row["source"], row["recipe"]) == (source, recipe)]
            if part:
                lines.append(_format_scores(f"{other} only, {recipe}", name, part))
    return lines


def _format_gain(rows: Sequence[Row]) -> list[str]:
    """Compare the newest recipe with older ones on the lesion images that both were tested on."""
    lines = [
        "| lesion images of | Dice | in place of | difference (95 % interval) |"
        " malignancy AUC, BUSI | BUS-BRA |",
        "|---|---|---|---|---|---|",
    ]
    lesions = [row for row in rows if row["lesion_px"]]
    newest = {(name_kind(row), row["id"]): row for row in drop_older(lesions)}
    for kind in sorted({name_kind(row) for row in lesions}):
        mine = [row for row in lesions if name_kind(row) == kind]
        for recipe in list_recipes(mine)[1:]:
            old = [row for row in mine if row["recipe"] == recipe and (kind, row["id"]) in newest]
            if old:
                new = [newest[kind, row["id"]] for row in old]
                lines.append(_format_change(new, old))
    return lines


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
    released = json.loads(CONFIG.read_text(encoding="utf-8"))["min_lesion_probability"]
    for point in sorted({*POINTS, released}):
        kept = [row for row in rows if row["probability"] >= point]
        dice = sum(row["dice"] for row in kept if row["lesion_px"]) / len(lesions)
        found = sum(bool(row["lesion_px"] and row["pred_px"]) for row in kept)
        title = f"{point:g}, as released" if point == released else f"{point:g}"
        cells = [title, f"{dice:.4f}", _format_share(len(lesions) - found, len(lesions))]
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


def _format_malignancy(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| trained on | tested on | malignant | benign | AUC |"
        " told 0 to 20 % | 20 to 40 % | 40 to 60 % | 60 to 80 % | 80 to 100 % |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lesions = [row for row in rows if row["lesion_px"] and row["malignancy"] is not None]
    for trained, inside in (("both, folds", True), ("the other one", False)):
        part = [row for row in lesions if (name_kind(row) == "folds") is inside]
        for source, title in SOURCES.items():
            of_source = [row for row in part if row["source"] == source]
            if not of_source:
                continue
            malignant, benign = (
                [row for row in of_source if row["pathology"] == kind] for kind in _KINDS
            )
            cells = [trained, title, str(len(malignant)), str(len(benign))]
            cells.append(format_auc(malignant, benign, "malignancy"))
            for low in (0.0, 0.2, 0.4, 0.6, 0.8):
                told = [
                    row
                    for row in of_source
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
