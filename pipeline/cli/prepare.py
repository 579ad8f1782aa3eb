"""`breast-us-seg prepare`: published data sets to one datalist."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.console import add_console_options, shows_progress
from pipeline.cli.say import say

if TYPE_CHECKING:
    from pipeline.prepare.case import Case
    from pipeline.prepare.refusal import Refusal

_SETS = {"busi": "BUSI", "busbra": "BUS-BRA", "busuclm": "BUS-UCLM", "breast": "BrEaST"}
_SHOWN_NAMES = 5


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "prepare",
        help="turn downloaded data sets into a datalist for training and evaluation",
        description=(
            "Read public data sets as downloaded, write OUT/datalist.json, one grey label PNG per "
            "image in OUT/labels and everything left out in OUT/refused.csv. Images of one "
            "patient and near-copies stay on one side of every split."
        ),
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    for name, title in _SETS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help=f"{title} as downloaded")
    parser.add_argument(
        "--plain",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="folder of images/ and masks/ of the same names, may be repeated",
    )
    parser.add_argument("--folds", type=int, default=5, help="number of folds (default: 5)")
    parser.add_argument(
        "--test-fold",
        type=_parse_fold,
        default=0,
        metavar="N|none",
        help="fold that becomes the test list (default: 0)",
    )
    parser.add_argument(
        "--test-source",
        choices=(*_SETS, "plain"),
        help="data set that becomes the test list instead of a fold",
    )
    parser.add_argument(
        "--test-device",
        metavar="NAME",
        help="scanner whose images become the test list, by how its name starts",
    )
    parser.add_argument(
        "--validation-fraction",
        type=float,
        default=0.1,
        metavar="X",
        help="share of the other folds that becomes the validation list (default: 0.1)",
    )
    parser.add_argument("--seed", type=int, default=0, help="decides the folds (default: 0)")
    add_console_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the datalist and print what it holds.

    Returns:
        0.

    Raises:
        ConfigError: no data set is given, a number is out of its range, or openpyxl is not
            installed.
        DatasetError: a data set does not have its published layout.
        WriteError: a file cannot be written.
    """
    from tqdm import tqdm

    from pipeline.errors import ConfigError
    from pipeline.prepare.breast import read_breast
    from pipeline.prepare.busbra import read_busbra
    from pipeline.prepare.busi import read_busi
    from pipeline.prepare.busuclm import read_busuclm
    from pipeline.prepare.datalist import Datalist
    from pipeline.prepare.plain import read_plain
    from pipeline.prepare.prepare import prepare_datalist

    datalist = Datalist(
        folds=args.folds,
        test_fold=None if args.test_source or args.test_device else args.test_fold,
        seed=args.seed,
        validation_fraction=args.validation_fraction,
        test_source=args.test_source,
        test_device=args.test_device,
    )
    readers = {
        "busi": read_busi,
        "busbra": read_busbra,
        "busuclm": read_busuclm,
        "breast": read_breast,
    }
    found = [read(getattr(args, name)) for name, read in readers.items() if getattr(args, name)]
    found += [
        read_plain(folder, source=f"plain-{number}" if number > 1 else "plain")
        for number, folder in enumerate(args.plain, start=1)
    ]
    if not found:
        msg = "expected at least one data set, got none; give for example --busi DIR"
        raise ConfigError(msg)
    cases = [case for cases, _ in found for case in cases]
    refusals = [refusal for _, refused in found for refusal in refused]
    bar = tqdm(cases, unit="image", disable=True if shows_progress(args) is False else None)
    lists, refusals, remarks = prepare_datalist(bar, refusals, args.out, datalist=datalist)
    _print_counts(lists, args.folds)
    _print_reasons("refused", refusals, args.out / "refused.csv")
    _print_reasons("used, but worth a look", remarks, args.out / "remarks.csv")
    say(f"wrote {args.out / 'datalist.json'}")
    return 0


def _parse_fold(text: str) -> int | None:
    return None if text == "none" else int(text)


def _print_counts(lists: "dict[str, list[tuple[Case, int]]]", folds: int) -> None:
    columns = [*lists, *(f"fold {fold}" for fold in range(folds)), "all"]
    counts: Counter[tuple[str, str, str]] = Counter()
    for name, pairs in lists.items():
        for case, fold in pairs:
            for source, pathology in ((case.source, case.pathology), ("all", "")):
                for column in (name, f"fold {fold}", "all"):
                    counts[source, pathology, column] += 1
    rows = sorted({row[:2] for row in counts}, key=lambda row: (row[0] == "all", row))
    say(f"{'images':<24}" + "".join(f"{column:>11}" for column in columns))
    for row in rows:
        numbers = "".join(f"{counts[row[0], row[1], column]:>11}" for column in columns)
        say(f"{' '.join(row):<24}{numbers}")


def _print_reasons(what: str, refusals: "Sequence[Refusal]", path: Path) -> None:
    if not refusals:
        return
    say(f"{what}: {len(refusals)}, listed in {path}")
    for (source, reason), count in sorted(Counter((r.source, r.reason) for r in refusals).items()):
        names = [r.id for r in refusals if (r.source, r.reason) == (source, reason)]
        more = ", ..." if count > _SHOWN_NAMES else ""
        say(f"  {count:>5} {source}: {reason} ({', '.join(names[:_SHOWN_NAMES])}{more})")
