"""Copy the scores of an evaluation to where people read them: `python -m bundle.update_metadata`.

`bundle/evaluation/summary.json`, written by `pipeline.evaluation.EvaluationReport`, is the only
source: `eval_metrics` of the metadata, and the tables between `BEGIN` and `END` in the README, the
limits and the model card are made from it. So are, with the metadata, the head of the model card
for the Hugging Face Hub and the card in the form of CHAI.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bundle.model_cards import CARD, replace_front_matter, write_chai_card
from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError, PipelineError

ROOT = Path(__file__).resolve().parents[1]

SUMMARY = ROOT / "bundle" / "evaluation" / "summary.json"
METADATA = ROOT / "configs" / "metadata.json"
CHAI_CARD = ROOT / "docs" / "chai-card.md"
TRAINING = ROOT / "bundle" / "evaluation" / "training.json"
PAGES = (ROOT / "README.md", ROOT / "docs" / "limits.md", CARD)
"""Pages with a table of scores."""

BEGIN = "<!-- scores: made by python -m bundle.update_metadata -->"
END = "<!-- end of scores -->"

_SOURCE_NAMES = {"busi": "BUSI", "busbra": "BUS-BRA", "busuclm": "BUS-UCLM", "breast": "BrEaST"}


def extract_metrics(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the scores for the metadata.

    Args:
        summary: see `pipeline.metrics.summarise`; has images with a lesion.

    Returns:
        `eval_metrics`, rounded to four digits; those of normal images only if there are some.
    """
    lesion, normal = summary["lesion"], summary["normal"]
    metrics: dict[str, Any] = {
        "split": summary["split"],
        "resolution": summary["resolution"],
        "images": summary["images"],
        "images_with_lesion": lesion["images"],
        "mean_dice": lesion["dice"]["mean"],
        "mean_dice_interval_95": lesion["dice"]["interval_95"],
        "median_dice": lesion["dice"]["median"],
        "mean_iou": lesion["iou"]["mean"],
        "mean_hd95_px": lesion["hd95_px"]["mean"],
        "missed_share": lesion["missed_share"],
    }
    if normal:
        metrics["normal_images"] = normal["images"]
        metrics["normal_with_false_lesion_share"] = normal["with_false_lesion_share"]
        metrics["image_auc"] = summary["image_auc"]
    return {name: _round(value) for name, value in metrics.items() if value is not None}


def format_table(summary: Mapping[str, Any]) -> str:
    """Write the scores as a Markdown table.

    Args:
        summary: see `pipeline.metrics.summarise`.

    Returns:
        A line a data set, and one for all if there are several; the head names the split. Ends
        with a newline.
    """
    rows = [
        f"| Test images, {summary['split']} | with a lesion | Dice (95 % interval) |"
        " median Dice | IoU | missed | normal | with a false lesion |",
        "|---|---|---|---|---|---|---|---|",
    ]
    by_source = summary["by_source"]
    for source in sorted(by_source, reverse=True):
        rows.append(_format_row(_SOURCE_NAMES.get(source, source), by_source[source]))
    if len(by_source) > 1:
        rows.append(_format_row("**all**", summary))
    return "".join(f"{row}\n" for row in rows)


def replace_table(page: str, table: str, *, name: str) -> str:
    """Replace what is between the marks of a page.

    Args:
        page: text with `BEGIN` and `END`, each on a line of its own.
        table: what to put between them; ends with a newline.
        name: of the page, for the message.

    Returns:
        The new text.

    Raises:
        ConfigError: a mark is missing, repeated, or in the wrong place.
    """
    before, begin, rest = page.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not begin or not end or BEGIN in after:
        msg = f"expected one line {BEGIN} and one line {END} after it in {name}"
        raise ConfigError(msg)
    return f"{before}{BEGIN}\n{table}{END}\n{after}"


def render_files(summary: Mapping[str, Any]) -> dict[Path, str]:
    """Write all files that repeat scores, without storing them.

    Args:
        summary: see `pipeline.metrics.summarise`.

    Returns:
        Path to new text.

    Raises:
        ConfigError: there is no image with a lesion, or a page has no place for the table.
    """
    if not summary["lesion"]:
        msg = f"expected images with a lesion in split '{summary['split']}', got none"
        raise ConfigError(msg)
    table = format_table(summary)
    texts = {
        path: replace_table(path.read_text(encoding="utf-8"), table, name=path.name)
        for path in PAGES
    }
    metadata = json.loads(METADATA.read_text(encoding="utf-8"))
    metadata["eval_metrics"] = extract_metrics(summary)
    if CARD in texts:
        texts[CARD] = replace_front_matter(texts[CARD], metadata)
    training = json.loads(TRAINING.read_text(encoding="utf-8"))
    texts[CHAI_CARD] = write_chai_card(metadata, summary, training, table)
    texts[METADATA] = json.dumps(metadata, indent=2) + "\n"
    return texts


def _format_row(name: str, part: Mapping[str, Any]) -> str:
    lesion, normal = part["lesion"], part["normal"]
    cells = [name]
    if lesion:
        dice, ends = lesion["dice"], lesion["dice"]["interval_95"]
        interval = f" ({ends[0]:.3f} to {ends[1]:.3f})" if ends else ""
        cells += [
            str(lesion["images"]),
            f"{dice['mean']:.3f}{interval}",
            f"{dice['median']:.3f}",
            f"{lesion['iou']['mean']:.3f}",
            str(lesion["missed"]),
        ]
    else:
        cells += ["0", "", "", "", ""]
    cells += [str(normal["images"]), str(normal["with_false_lesion"])] if normal else ["0", ""]
    return f"| {' | '.join(cells)} |"


def _round(value: Any) -> Any:
    if isinstance(value, list):
        return [_round(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def main(argv: Sequence[str] | None = None) -> int:
    """Update every file that repeats scores.

    Args:
        argv: arguments after the program's name; `None` takes those of the process.

    Returns:
        The exit code: 0, or 1 if the summary or the place for a table is missing.
    """
    parser = argparse.ArgumentParser(description="Copy scores to the metadata and the pages.")
    parser.parse_args(argv)
    try:
        summary = json.loads(SUMMARY.read_text(encoding="utf-8"))
        for path, text in render_files(summary).items():
            write_atomically(path, text.encode())
            print(f"wrote {path.relative_to(ROOT)}")
    except (OSError, json.JSONDecodeError, PipelineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
