"""How long a run takes, and where the time goes: `python benchmarks/speed.py`, or `make bench`.

Everything is compared within one run on one machine: the bare network, our runs over folders, a
plain MONAI bundle and nnU-Net on the same images. The tables go into docs/performance.md, a
summary into README.md, all figures into build/speed.json, whose figures of other parts stay if they
are of this machine. What is not installed is left out, and said so. Linux only.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pages import replace_between
from speed_machine import ROOT, describe_machine
from speed_runs import (
    STEPS_OF,
    measure_first_mask,
    measure_folders,
    measure_memory,
    measure_nnunet,
    measure_plain_bundle,
    measure_training,
    measure_workers,
)

from pipeline.atomic import write_atomically

PAGE = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
FIGURES = ROOT / "build" / "speed.json"
BEGIN = "<!-- speed: made by python benchmarks/speed.py -->"
END = "<!-- end of speed -->"

PARTS = {
    "a": "the bare network",
    "b": "our runs over folders",
    "c": "a plain MONAI bundle",
    "d": "nnU-Net v2",
    "e": "the first mask",
    "g": "training",
    "f": "memory",
    "h": "our runs with --workers",
}
_TIMES = set("abcde")
"""Parts that are compared with one another, and have to be of one run."""

TARGETS = {
    "masks only / bare network": ("<=", 1.3),
    "everything / bare network": ("<=", 2.0),
    "plain MONAI bundle / masks only": (">=", 8.0),
    "nnU-Net / masks only": (">=", 20.0),
    "first mask / import torch": ("<=", 1.5),
    "memory of most / of fewest images": ("<=", 1.1),
    "epoch / bare steps": ("<=", 1.1),
    "--workers auto / one process": ("<=", 1.0),
}
"""What is aimed at, on a machine of two cores."""


def measure(parts: str, *, quick: bool, rounds: int) -> Iterator[tuple[str, Any]]:
    """Run the parts that are asked for.

    Args:
        parts: their letters.
        quick: with a tenth of the images.
        rounds: times that whole runs are done.

    Yields:
        The letter of each part and its figures; of a part that failed, its error as a text.
    """
    from speed_forward import measure_forward

    counts = (20, 100) if quick else (100, 1000, 10000)
    images, few = (50, 10) if quick else (200, 60)
    ways: dict[str, Callable[[Path], Any]] = {
        "a": lambda folder: measure_forward(quick=quick),
        "b": lambda folder: measure_folders(folder, images, rounds),
        "c": lambda folder: measure_plain_bundle(folder, few, rounds),
        "d": lambda folder: measure_nnunet(folder, 4 if quick else 10),
        "e": lambda folder: measure_first_mask(folder, 3 if quick else 7),
        "f": lambda folder: measure_memory(folder, counts),
        "g": lambda folder: measure_training(folder, 64 if quick else 128),
        "h": lambda folder: measure_workers(folder, images),
    }
    for part in parts:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            try:
                figures = ways[part](Path(folder) / "work")
            except (OSError, RuntimeError) as error:
                figures = str(error)
        print(f"{part}, {PARTS[part]}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        yield part, figures


def compare(figures: dict[str, Any]) -> dict[str, float]:
    """Put figures of different parts into relation.

    Args:
        figures: of `measure`.

    Returns:
        What `TARGETS` names, as far as it was measured.
    """
    ratios: dict[str, float] = {}
    known = {part: values for part, values in figures.items() if isinstance(values, dict)}
    if "a" in known and "b" in known:
        # The image and its mirror image.
        floor = 2 * known["a"]["best"]
        ratios["masks only / bare network"] = known["b"]["PNG: masks"]["ms"] / floor
        ratios["everything / bare network"] = known["b"]["PNG: everything"]["ms"] / floor
    if "b" in known and "c" in known:
        ours = known["b"]["PNG: masks"]["ms"]
        ratios["plain MONAI bundle / masks only"] = known["c"]["ms"] / ours
    if "b" in known and "d" in known:
        theirs = known["d"]["with mirroring"] * 1000
        ratios["nnU-Net / masks only"] = theirs / known["b"]["PNG: masks"]["ms"]
    if "e" in known:
        ratios["first mask / import torch"] = known["e"]["mask"] / known["e"]["torch"]
    if "f" in known:
        fewest, *_, most = known["f"].values()
        ratios["memory of most / of fewest images"] = most / fewest
    if "g" in known:
        ratios["epoch / bare steps"] = known["g"]["epoch"] / known["g"]["bare"]
    if "h" in known:
        one, shared = (row["ms"] for row in known["h"].values())
        ratios["--workers auto / one process"] = shared / one
    return ratios


def keep_earlier(content: dict[str, Any], facts: dict[str, str], parts: str) -> dict[str, Any]:
    """Take over the figures of an earlier run of other parts.

    Args:
        content: of `FIGURES`.
        facts: of this machine; those of another machine or of other versions are left out.
        parts: that are measured now; of those that are compared with one another all or none.
    """
    if content["machine"] != facts:
        return {}
    replaced = set(parts) | (_TIMES if _TIMES & set(parts) else set())
    figures: dict[str, Any] = content["figures"]
    return {part: values for part, values in figures.items() if part not in replaced}


def format_tables(figures: dict[str, Any], ratios: dict[str, float]) -> Iterator[str]:
    """Write the figures as Markdown.

    Args:
        figures: of `measure`.
        ratios: of `compare`.
    """
    yield "| What | measured | aim |"
    yield "|---|---|---|"
    for name, ratio in ratios.items():
        sign, aim = TARGETS[name]
        is_met = ratio <= aim if sign == "<=" else ratio >= aim
        yield f"| {name} | {ratio:.2f} | {sign} {aim:g}{'' if is_met else ', missed'} |"
    for part, values in sorted(figures.items(), key=lambda each: [*PARTS].index(each[0])):
        yield ""
        if isinstance(values, dict):
            yield from _FORMATS[part](values)
        else:
            yield f"Left out, {PARTS[part]}: {values}"


def format_summary(figures: dict[str, Any]) -> Iterator[str]:
    """Write what a user waits for as Markdown; of parts that failed, nothing.

    Args:
        figures: of `measure`.
    """
    known = {part: values for part, values in figures.items() if isinstance(values, dict)}
    yield "| What | time |"
    yield "|---|---|"
    if "b" in known:
        for kind in ("PNG", "DICOM, JPEG"):
            for outputs in ("masks", "everything"):
                ms = known["b"][f"{kind}: {outputs}"]["ms"]
                yield f"| an image of a folder ({kind}), {outputs} | {ms:.0f} ms |"
    if "c" in known:
        yield f"| PNG, masks, by a plain MONAI bundle of the network | {known['c']['ms']:.0f} ms |"
    if "d" in known:
        yield f"| PNG, masks, by nnU-Net v2 as it is | {known['d']['with mirroring']:.1f} s |"
    if "e" in known:
        yield f"| from the start of the command to the first mask | {known['e']['mask']:.1f} s |"


def _format_forward(values: dict[str, Any]) -> Iterator[str]:
    batches = list(next(iter(values["ms"].values())))
    yield f"| Forward, ms an image | {' | '.join(f'{each} at once' for each in batches)} | Dice |"
    yield f"|---|{'---|' * len(batches)}---|"
    for name, times in values["ms"].items():
        cells = " | ".join(f"{ms:.1f}" for ms in times.values())
        yield f"| {name} | {cells} | {values['dice'][name]:.4f} |"
    yield ""
    yield f"Dice at the network's size, on {values['images']}. Only ways whose mean is within"
    yield "0.001 of that of float32 count as the least time."
    for name, reason in values["left_out"].items():
        yield f"Left out: {name} ({reason})."


def _format_folders(values: dict[str, Any]) -> Iterator[str]:
    yield "| Folder | images | s | ms an image | CPU ms an image |"
    yield "|---|---|---|---|---|"
    for name, row in values.items():
        yield (
            f"| {name} | {row['images']} | {row['seconds']:.1f} | {row['ms']:.1f} "
            f"| {row['cpu_ms']:.1f} |"
        )
    steps = [values[name]["steps"] for name in STEPS_OF]
    yield ""
    yield f"| Step, CPU ms an image of one thread | {' | '.join(STEPS_OF)} |"
    yield f"|---|{'---|' * len(STEPS_OF)}"
    for name in steps[0]:
        yield f"| {name} | {' | '.join(f'{each[name]:.1f}' for each in steps)} |"


def _format_plain(values: dict[str, Any]) -> Iterator[str]:
    yield f"Plain MONAI bundle: {values['ms']:.0f} ms an image, {values['cpu_ms']:.0f} ms of CPU."


def _format_nnunet(values: dict[str, Any]) -> Iterator[str]:
    yield f"nnU-Net v2, patches of {values['rows']} x {values['columns']}:"
    yield f"{values['with mirroring']:.2f} s an image, without mirroring {values['without']:.2f} s."


def _format_first(values: dict[str, Any]) -> Iterator[str]:
    yield (
        f"One image: mask after {values['mask']:.1f} s, end after {values['end']:.1f} s; "
        f"`import torch` takes {values['torch']:.1f} s."
    )


def _format_memory(values: dict[Any, Any]) -> Iterator[str]:
    cells = ", ".join(f"{peak:.0f} MiB for {count}" for count, peak in values.items())
    yield f"Peak memory: {cells} images."


def _format_workers(values: dict[str, Any]) -> Iterator[str]:
    yield "| PNG, masks only | ms an image | CPU ms an image |"
    yield "|---|---|---|"
    for name, row in values.items():
        yield f"| {name} | {row['ms']:.1f} | {row['cpu_ms']:.1f} |"


def _format_training(values: dict[str, Any]) -> Iterator[str]:
    yield f"Training: an epoch of {values['steps']} steps takes {values['epoch']:.1f} s,"
    yield f"the bare steps {values['bare']:.1f} s."


_FORMATS: dict[str, Callable[[dict[Any, Any]], Iterator[str]]] = {
    "a": _format_forward,
    "b": _format_folders,
    "c": _format_plain,
    "d": _format_nnunet,
    "e": _format_first,
    "f": _format_memory,
    "g": _format_training,
    "h": _format_workers,
}


def main() -> None:
    """Measure, print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer images, pages as they are")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, as in a,b,e")
    parser.add_argument("--rounds", type=int, default=1, help="times that whole runs are done")
    args = parser.parse_args()
    parts = args.only.replace(",", "")
    if not parts or set(parts) - set(PARTS):
        parser.error(f"expected parts of {', '.join(PARTS)}, got {args.only}")
    facts = describe_machine()
    known = json.loads(FIGURES.read_text()) if FIGURES.is_file() and not args.quick else {}
    figures = keep_earlier(known, facts, parts) if known else {}
    for part, found in measure(parts, quick=args.quick, rounds=args.rounds):
        figures[part] = found  # what is measured is kept if a later part is stopped
        ratios = compare(figures)
        content = {"machine": facts, "figures": figures, "ratios": ratios}
        write_atomically(FIGURES, json.dumps(content, indent=2).encode() + b"\n")
    named = ", ".join(f"{name} {fact}" for name, fact in facts.items() if name != "machine")
    lines = [f"{facts['machine']}; {named}.", "", *format_tables(figures, ratios)]
    print("\n".join(lines))
    if not args.quick and figures.keys() >= _TIMES:
        summary = [f"On {facts['machine']}:", "", *format_summary(figures)]
        for page, text in ((PAGE, lines), (README, summary)):
            replace_between(page, BEGIN, END, "".join(f"{line}\n" for line in text))


if __name__ == "__main__":
    main()
