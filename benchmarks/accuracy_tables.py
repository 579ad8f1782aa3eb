"""The tables of docs/model.md, and the summary for README and card, from the rows of `accuracy.py`.

Every image with a lesion counts once, with Dice 0 if nothing was marked. Where a run was repeated
with another seed, the Dice of an image is the mean over both. Intervals are 95 % percentile
bootstrap intervals over draws of whole groups (patients, near-copies). A lesion is missed if
nothing is marked or the Dice is below 0.1.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_choices import (
    SILENCED,
    Row,
    apply_scale,
    choose_point,
    fit_malignancy_scale,
    fit_presence_scale,
    is_known,
)
from accuracy_plot import plot_malignancy, plot_points
from accuracy_rows import (
    AXILLA,
    FEW,
    HOSPITALS,
    ROWS,
    is_left_out,
    is_missed,
    list_lesion_free,
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
BEGIN = "<!-- accuracy: made by python benchmarks/accuracy.py table -->"
END = "<!-- end of accuracy -->"

SIZES = ((0.0, 0.01), (0.01, 0.03), (0.03, 0.1), (0.1, 1.0))
"""Area of the lesion as a share of the picture's."""

DEPTHS = ((0.0, 0.25), (0.25, 0.5), (0.5, 1.0))
"""Row of the lesion's centre as a share of the picture's height."""

LEAST_IMAGES = 10
"""Images of a device that get a line of their own."""

POINTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Operating points that get lines, beside those that have a name."""

_HEAD = (
    "| tested on | lesion images | Dice (95 % interval) | without operating point | median | IoU |"
    " missed | silent | normal images marked | parts beside lesions marked | image AUC |"
    " malignancy AUC |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
)


def write_tables() -> None:
    """Put the tables into docs/model.md and the summary to where the bundle has it."""
    rows = read_rows()
    raw = [row for row in read_raw_rows() if is_left_out(row)]
    scale = fit_presence_scale(raw)
    scaled = apply_scale(raw, scale)
    text = json.dumps({"notice": RESEARCH_ONLY, **summarise_left_out(rows)}, indent=2)
    write_atomically(SUMMARY, f"{text}\n".encode())
    replace_between(PAGE, BEGIN, END, format_tables(rows, scaled))
    unseen = [row for row in rows if is_left_out(row)]
    plot_malignancy(unseen).save(PAGE.with_name("malignancy.png"))
    plot_points(unseen).save(PAGE.with_name("operating-points.png"))
    print(f"wrote the tables of {PAGE} and {SUMMARY}; now python -m bundle.update_metadata")
    print(f"for the configs: presence_scale {scale}")
    print(f"for the configs: malignancy_scale {fit_malignancy_scale(raw)}")
    for name, silenced in SILENCED.items():
        print(f"for the configs: operating_points#{name} {choose_point(scaled, silenced):g}")


def summarise_left_out(rows: Sequence[Row]) -> dict[str, Any]:
    """Sum up the images of hospitals that were left out, as an evaluation does.

    `image_auc` is the mean of those hospitals that have `FEW` normal images: each has a network of
    its own, whose probabilities are not to be ranked among those of another.

    Args:
        rows: of `read_rows`; those of the first seed count.
    """
    runs = {f"without-{name}" for name in HOSPITALS}
    tested = [row for row in rows if row["run"] in runs and row["list"] == "test"]
    names = [HOSPITALS[name] for name in HOSPITALS if name in {row["source"] for row in tested}]
    images = [
        EvaluatedImage(
            id=row["id"],
            group=row["group"],
            source=row["source"],
            pathology=row["pathology"],
            probability=row["probability"],
            scores=_read_scores(row),
        )
        for row in tested
    ]
    summary = summarise(images, split=f"hospitals left out of training: {', '.join(names)}")
    ranked = [
        summarise([image for image in images if image.source == source], split=source, draws=1)[
            "image_auc"
        ]
        for source, part in summary["by_source"].items()
        if part["normal"] and part["normal"]["images"] >= FEW
    ]
    return {**summary, "image_auc": float(np.mean(ranked)) if ranked else None}


def _read_scores(row: Row) -> ImageScores:
    """Read the scores, those of an empty mask if the image lies below the operating point."""
    if row["lesion_px"] and not row["kept"]:
        return ImageScores(0.0, 0.0, None, None, 0.0, 0.0, row["lesion_px"], 0, 0, 0)
    counts = (row["pred_px"], int(row["overlap_px"]), int(row["false_lesions"]))
    return ImageScores(
        _read_number(row["dice"]),
        _read_number(row["iou"]),
        _read_number(row["hd95_px"]),
        _read_number(row["assd_px"]),
        _read_number(row["precision"]),
        _read_number(row["recall"]),
        row["lesion_px"],
        *(counts if row["kept"] else (0, 0, 0)),
    )


def _read_number(value: str | float | None) -> float | None:
    return None if value is None or value == "" else float(value)


def format_tables(rows: Sequence[Row], scaled: Sequence[Row] = ()) -> str:
    """Write all tables as Markdown.

    Args:
        rows: of `read_rows`.
        scaled: of hospitals left out, with the scale of presence of the release.
    """
    unseen = [row for row in rows if is_left_out(row)]
    lines = [*_HEAD]
    for source, name in HOSPITALS.items():
        part = [row for row in unseen if row["source"] == source]
        if not part:
            continue
        lines.append(_format_scores(_name_seeds(name, part), part))
        axilla = [row for row in part if row["id"] in AXILLA]
        if axilla:
            breast = [row for row in part if row["id"] not in AXILLA]
            lines.append(_format_scores(f"{name} without axilla", breast))
            lines.append(_format_scores(f"{name}, axilla alone", axilla))
    lines.append(_format_mean(unseen))
    for run in sorted({row["run"] for row in rows if row["run"].startswith("device-")}):
        part = [row for row in rows if row["run"] == run]
        device = Counter(row["device"] for row in part).most_common(1)[0][0]
        lines.append(_format_scores(f"scanner of BUS-BRA: {device}", part))
    folds = [row for row in rows if row["run"].startswith("fold-")]
    count = len({row["run"] for row in folds})
    for source, name in HOSPITALS.items():
        part = [row for row in folds if row["source"] == source]
        if part:
            title = f"{name}, {count} of 5 folds, all hospitals trained on"
            lines.append(_format_scores(title, part))
    lines += ["", "| lesions of hospitals left out | images | Dice (95 % interval) | missed |"]
    lines.append("|---|---|---|---|")
    lesions = [row for row in unseen if row["lesion_px"]]
    lines += [_format_stratum(name, part) for name, part in _list_strata(lesions) if part]
    lines += ["", *_format_malignancy(unseen), "", *_format_points(scaled)]
    return "".join(f"{line}\n" for line in lines)


def _name_seeds(name: str, rows: Sequence[Row]) -> str:
    count = len({row["run"] for row in rows})
    return f"{name}, {count} seeds" if count > 1 else name


def _format_scores(name: str, rows: Sequence[Row]) -> str:
    lesions = [row for row in rows if row["lesion_px"]]
    normals = [row for row in rows if row["normal"]]
    parts = [row for row in rows if row["part"]]
    known = [row for row in lesions if row["malignancy"] is not None and is_known(row)]
    malignant, benign = (
        [row for row in known if row["pathology"] == kind] for kind in ("malignant", "benign")
    )
    cells = [
        name,
        str(len({row["id"] for row in lesions})),
        _format_interval(lesions, score),
        _format_interval(lesions, lambda row: row["dice"]),
        f"{np.median([score(row) for row in lesions]):.3f}",
        f"{np.mean([row['iou'] * row['kept'] for row in lesions]):.3f}",
        _format_share(sum(is_missed(row) for row in lesions), len(lesions)),
        _format_share(sum(not row["kept"] for row in lesions), len(lesions)),
        _format_share(sum(row["kept"] for row in normals), len(normals)),
        _format_share(sum(row["kept"] for row in parts), len(parts)),
        format_auc(lesions, list_lesion_free(rows), "probability"),
        format_auc(malignant, benign, "malignancy"),
    ]
    return f"| {' | '.join(cells)} |"


def _format_mean(rows: Sequence[Row]) -> str:
    """Average over hospitals, each with equal weight: what choices are made on."""
    lesions = [row for row in rows if row["lesion_px"]]
    means = []
    for value in (score, lambda row: row["dice"], is_missed, lambda row: not row["kept"]):
        shares = [
            np.mean([value(row) for row in lesions if row["source"] == source])
            for source in {row["source"] for row in lesions}
        ]
        means.append(float(np.mean(shares)))
    cells = [
        "**mean over hospitals**",
        "",
        f"**{means[0]:.3f}**",
        f"{means[1]:.3f}",
        "",
        "",
        f"{means[2]:.1%}",
        f"{means[3]:.1%}",
        *[""] * 4,
    ]
    return f"| {' | '.join(cells)} |"


def score(row: Row) -> float:
    """Give the Dice of a lesion at the operating point."""
    return float(row["dice"]) if row["kept"] else 0.0


def _list_strata(lesions: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for source, title in HOSPITALS.items():
        for kind in ("benign", "malignant"):
            wanted = (source, kind)
            part = [row for row in lesions if (row["source"], row["pathology"]) == wanted]
            yield f"{title}, {kind}", part
    for low, high in SIZES:
        part = [row for row in lesions if low <= row["lesion_px"] / row["image_px"] < high]
        yield f"{low:.0%} to {high:.0%} of the picture", part
    for low, high in DEPTHS:
        part = [row for row in lesions if low <= row["depth"] < high]
        yield f"centre at {low:.0%} to {high:.0%} of the depth", part
    devices = Counter(row["device"] for row in lesions if row["device"])
    for device in sorted(name for name, count in devices.items() if count >= LEAST_IMAGES):
        yield device, [row for row in lesions if row["device"] == device]


def _format_stratum(name: str, rows: Sequence[Row]) -> str:
    missed = _format_share(sum(is_missed(row) for row in rows), len(rows))
    count = len({row["id"] for row in rows})
    return f"| {name} | {count} | {_format_interval(rows, score)} | {missed} |"


def _format_malignancy(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| malignancy, left out | malignant | benign | AUC |"
        " said 0 to 20 % | 20 to 40 % | 40 to 60 % | 60 to 80 % | 80 to 100 % |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for source, title in HOSPITALS.items():
        known = [row for row in rows if row["source"] == source and is_known(row)]
        known = [row for row in known if row["malignancy"] is not None]
        if not known:
            continue
        malignant, benign = (
            [row for row in known if row["pathology"] == kind] for kind in ("malignant", "benign")
        )
        counts = (str(len(malignant)), str(len(benign)))
        cells = [title, *counts, format_auc(malignant, benign, "malignancy")]
        for fifth in range(5):
            said = [row for row in known if min(int(row["malignancy"] * 5), 4) == fifth]
            true = sum(row["pathology"] == "malignant" for row in said)
            cells.append(_format_share(true, len(said)))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _format_points(rows: Sequence[Row]) -> list[str]:
    """Write what operating points do, on hospitals that were left out."""
    lines = [
        "| operating point | hospital | Dice | missed | silent | normal images marked |"
        " parts beside lesions marked |",
        "|---|---|---|---|---|---|---|",
    ]
    named = {choose_point(rows, share): name for name, share in SILENCED.items()} if rows else {}
    for point in sorted({*POINTS, *named}):
        for source, title in HOSPITALS.items():
            part = [
                {**row, "kept": bool(row["pred_px"]) and row["probability"] >= point}
                for row in rows
                if row["source"] == source
            ]
            lesions = [row for row in part if row["lesion_px"]]
            if not lesions:
                continue
            name = f"{point:g} ({named[point]})" if point in named else f"{point:g}"
            cells = [name, title, f"{np.mean([score(row) for row in lesions]):.3f}"]
            cells.append(_format_share(sum(is_missed(row) for row in lesions), len(lesions)))
            cells.append(_format_share(sum(not row["kept"] for row in lesions), len(lesions)))
            for kind in ("normal", "part"):
                asked = [row for row in part if row[kind]]
                cells.append(_format_share(sum(row["kept"] for row in asked), len(asked)))
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _format_interval(rows: Sequence[Row], value: Callable[[Row], float]) -> str:
    """Write the mean over images, each the mean over its seeds."""
    if not rows:
        return ""
    values: dict[str, list[float]] = {}
    groups: dict[str, str] = {}
    for row in rows:
        values.setdefault(row["id"], []).append(value(row))
        groups[row["id"]] = row["group"]
    means = np.array([np.mean(each) for each in values.values()])[:, None]
    low, high = bootstrap_interval(means, [groups[name] for name in values])[0]
    return f"{means.mean():.3f} ({low:.3f} to {high:.3f})"


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
