"""How much memory and time archives of growing size take: `python benchmarks/archive.py WORK`.

A few phantoms are linked until there are 1,000, 10,000 and 100,000 files. Each archive is planned,
its first shard of 1,000 is segmented, and all are merged into results.csv, lesions.csv, coco.json
and run.json. Masks and other files of single images are off, and the network is one that takes
brightness for a lesion: what is measured is all the rest. The other shards get the journal of the
first one, each line with the name of another file, unless `--all` has them segmented too.

Told are the most memory of each step, and its seconds of CPU. The command fails where a file of the
archive costs more than 100 bytes of memory.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from speed_machine import Usage, run

from pipeline.atomic import write_atomically
from pipeline.phantom.phantom_study import write_phantom_dataset
from pipeline.shards.shard_done import ShardDone
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import ShardPlan

COUNTS = (1_000, 10_000, 100_000)
OF_SHARD = 1_000
"""Files of a shard, on average."""

MOST_BYTES = 100
"""More memory that a file of the archive may cost any of the steps."""

_PICTURES = 8
_OF_FOLDER = 500
_STUB = {
    "network_def": {"_target_": "torch.nn.Identity"},
    "threshold": 0.87,
    "min_lesion_probability": 0.9,
    "image_size": [64, 64],
    "progress": False,
    "outputs#masks": False,
    "outputs#overlays": False,
    "outputs#seg": False,
    "outputs#sr": False,
    "outputs#coco": True,
    "outputs#report": False,
}


def measure(folder: Path, count: int, *, do_all: bool) -> dict[str, dict[str, float]]:
    """Take an archive through all steps.

    Args:
        folder: to work in; is emptied.
        count: files.
        do_all: segment all shards, not the first one alone.

    Returns:
        By step ``mib``, ``cpu`` and ``wall`` seconds; ``shard`` has the ``images`` of it too.
    """
    shutil.rmtree(folder, ignore_errors=True)
    source, output = folder / "in", folder / "out"
    options = _write_stub(folder)
    _link(source, count)
    shards = max(count // OF_SHARD, 1)
    found = {"plan": _describe(_call("plan", source, output, "--shards", shards))}
    place = ShardFolder(output)
    plan = ShardPlan.read(place)
    if plan is None:
        msg = f"expected a plan in {output}"
        raise RuntimeError(msg)
    for number in range(shards if do_all else 1):
        usage = _call("infer", source, output, "--shard", f"{number}/{shards}", *options)
        found.setdefault("shard", _describe(usage) | {"images": plan.counts[number]})
    if not do_all:
        _copy_journal(place, plan)
    found["merge"] = _describe(_call("merge", output))
    found["tables"] = {
        name: (output / name).stat().st_size for name in ("results.csv", "lesions.csv", "coco.json")
    }
    return found


def _write_stub(folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    torch.save({}, folder / "stub.pt")
    (folder / "stub.json").write_text(json.dumps(_STUB))
    return ["--weights", str(folder / "stub.pt"), "--config", str(folder / "stub.json")]


def _link(source: Path, count: int) -> None:
    write_phantom_dataset(source.parent / "phantoms", images=_PICTURES, shape=(64, 80))
    pictures = sorted((source.parent / "phantoms" / "images").iterdir())
    for number in range(count):
        if number % _OF_FOLDER == 0:
            here = source / f"{number // _OF_FOLDER:04d}"
            here.mkdir(parents=True)
        os.link(pictures[number % _PICTURES], here / f"{number:06d}.png")


def _copy_journal(place: ShardFolder, plan: ShardPlan) -> None:
    """Complete all shards as the first one was."""
    first = ShardDone.read(place, 0)
    if first is None:
        msg = f"expected the first shard in {place.path} to be complete"
        raise RuntimeError(msg)
    lines = (place.of(0) / first.journal).read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    rows = [entry for entry in entries if "row" in entry]
    begins = [entry for entry in entries if "begin" in entry]
    head = [entry for entry in entries if "settings" in entry or "process" in entry]
    for number in range(1, plan.shards):
        files = sorted(plan.read_files(number, place))
        content = [*head, *_rename(files, rows, begins), {"finished": True}]
        text = "".join(json.dumps(entry) + "\n" for entry in content)
        write_atomically(place.of(number) / first.journal, text.encode())
        counts = dict.fromkeys(first.images, 0)
        for entry in content:
            if "row" in entry:
                counts[entry["row"]["status"]] += 1
        done = replace(first, list=plan.lists[number], images=counts)
        done.write(place, number)


def _rename(
    files: list[str], rows: list[dict[str, Any]], begins: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for place, file in enumerate(files):
        row = rows[place % len(rows)]
        lesions = [{**lesion, "file": file} for lesion in row["lesions"]]
        yield {**begins[place % len(begins)], "begin": file}
        yield {**row, "row": {**row["row"], "file": file}, "lesions": lesions}
        yield {"complete": file}


def _call(*words: object) -> Usage:
    return run([sys.executable, "-m", "pipeline.cli.main", *map(str, words)])


def _describe(usage: Usage) -> dict[str, float]:
    return {"mib": usage.peak_mib, "cpu": usage.cpu, "wall": usage.wall}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path, help="folder to work in, about 1 GB")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="files of an archive")
    parser.add_argument("--all", action="store_true", help="segment all shards")
    arguments = parser.parse_args()
    found = {}
    for count in arguments.counts:
        found[count] = measure(arguments.work / str(count), count, do_all=arguments.all)
        print(json.dumps({count: found[count]}), flush=True)
    steps = ("plan", "shard", "merge")
    print(f"| files | {' | '.join(f'{step}, MiB | CPU, s' for step in steps)} |")
    print(f"|{'---|' * (1 + 2 * len(steps))}")
    for count, each in found.items():
        cells = [f"{each[step]['mib']:.0f} | {each[step]['cpu']:.1f}" for step in steps]
        print(f"| {count} | {' | '.join(cells)} |")
    least, most = min(found), max(found)
    for step in steps:
        growth = found[most][step]["mib"] - found[least][step]["mib"]
        if growth * (1 << 20) > MOST_BYTES * (most - least):
            raise SystemExit(f"expected {step} to take no more memory, it took {growth:.0f} MiB")


if __name__ == "__main__":
    main()
