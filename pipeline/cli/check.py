"""`breast-us-seg check`: what a run would do with an archive, from headers alone."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.say import say

if TYPE_CHECKING:
    from pipeline.readers.file_report import FileReport


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "check",
        help="list which files of a folder would be segmented, and why not the others",
        description=(
            "Read the headers of all files below IN, and list for each whether `infer` would take "
            "it, what it is and whether it has a calibration in mm; then sum up by manufacturer. "
            "Nothing is decoded. Exit code 2 if a file is damaged."
        ),
    )
    parser.add_argument("input", type=Path, metavar="IN", help="folder, or a single file")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="table to write, a row per file")
    parser.add_argument("--quiet", action="store_true", help="print the summary only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a line per file and the summary, and write the table.

    Returns:
        0, or 2 if a file is damaged.

    Raises:
        ConfigError: there is nothing to check.
        WriteError: the table cannot be written.
    """
    from tqdm import tqdm

    from pipeline.errors import ConfigError
    from pipeline.readers.file_report import FileReport
    from pipeline.write_table import write_table

    if not args.input.exists():
        msg = f"expected a folder or a file, got nothing at {args.input}"
        raise ConfigError(msg)
    reports = []
    for report in _inspect(args.input):
        reports.append(report)
        if not args.quiet:
            with tqdm.external_write_mode():
                say(_format_line(report))
    say(*_summarise(reports))
    if args.csv is not None:
        write_table(args.csv, [field.name for field in fields(FileReport)], map(asdict, reports))
        say(f"wrote {args.csv}")
    return 2 if any(report.verdict == "failed" for report in reports) else 0


def _inspect(data: Path) -> "Iterator[FileReport]":
    from tqdm import tqdm

    from pipeline.datasets.instance_register import InstanceRegister
    from pipeline.datasets.walk_folder import refuse_folder, walk_folder
    from pipeline.errors import ReadError, SkippedError
    from pipeline.readers.file_report import FileReport, inspect_file

    root = data if data.is_dir() else data.parent
    register = InstanceRegister(root)
    for path in tqdm(walk_folder(data), unit="file", disable=None):
        file = path.relative_to(root).as_posix()
        report = FileReport(file, "taken")
        try:
            if path.is_dir():
                raise refuse_folder(path)
            report, uid = inspect_file(path, file)
            instance = register.enter(uid, file)
            if instance.is_copy:
                raise SkippedError(instance.remark)
            if instance.first:
                reason = "; ".join(filter(None, [report.reason, instance.remark]))
                report = replace(report, reason=reason)
        except SkippedError as error:
            report = replace(report, verdict="skipped", reason=str(error))
        except ReadError as error:
            report = replace(report, verdict="failed", reason=str(error))
        yield report


def _format_line(report: "FileReport") -> str:
    mm = "no mm"
    if report.mm_per_pixel_y:
        mm = f"{report.mm_per_pixel_y} x {report.mm_per_pixel_x} mm"
    if report.is_decided_by_pixels:
        mm += " if they agree"
    what = [report.sop_class or report.format, report.transfer_syntax, report.photometric]
    size = "" if report.rows is None else f"{report.frames} x {report.rows} x {report.columns}"
    region = "" if report.regions is None else f"region {report.region}, {mm}"
    burned_in = report.burned_in and f"burned in: {report.burned_in}"
    notes = ", ".join(part for part in (*what, size, region, burned_in) if part)
    reason = report.reason and f": {report.reason}"
    return f"{report.verdict:7} {report.file}{reason}" + (f" ({notes})" if notes else "")


def _summarise(reports: "Sequence[FileReport]") -> list[str]:
    """Make the tables of reasons and of manufacturers."""
    lines = []
    reasons = Counter((r.verdict, r.reason) for r in reports if r.verdict != "taken")
    for (verdict, reason), count in reasons.most_common():
        lines.append(f"{count:7} {verdict}: {reason}")
    heads = ("files", "taken", "skipped", "failed", "frames", "with mm", "by pixels")
    lines.append(" ".join(f"{head:>7}" for head in heads) + "  burned in: yes, no, unknown")
    groups: dict[str, list[FileReport]] = {}
    for report in reports:
        groups.setdefault(_name_group(report), []).append(report)
    for name, group in [*sorted(groups.items()), ("all", reports)]:
        taken = [report for report in group if report.verdict == "taken"]
        verdicts = Counter(report.verdict for report in group)
        burned_in = Counter(report.burned_in for report in taken)
        numbers = (
            len(group),
            verdicts["taken"],
            verdicts["skipped"],
            verdicts["failed"],
            sum(report.frames or 0 for report in taken),
            sum(report.calibration == "known" for report in taken),
            sum(report.is_decided_by_pixels for report in taken),
        )
        counts = "".join(f"{number:7} " for number in numbers)
        stated = ", ".join(str(burned_in[key]) for key in ("YES", "NO", "unknown"))
        lines.append(f"{counts}   {stated:24} {name}")
    return lines


def _name_group(report: "FileReport") -> str:
    if report.format != "DICOM":
        return report.format or "other files"
    return report.manufacturer or "DICOM without manufacturer"
