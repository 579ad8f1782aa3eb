"""`breast-us-seg duplicates`: near-copies in a folder of images."""

import argparse
from fnmatch import fnmatch
from pathlib import Path

from pipeline.cli.say import say

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm"}
_MASKS = ("*_mask*", "*_tumor*", "*_other*")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "duplicates",
        help="find near-copies among images",
        description=(
            "Group images that look alike, by perceptual hashing (pHash), so that near-copies can "
            "be kept on one side of a split. Look at the groups: plain images can be alike too."
        ),
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder, searched with subfolders")
    parser.add_argument(
        "--output", type=Path, metavar="CSV", help="table to write: columns group and file"
    )
    parser.add_argument(
        "--max-distance",
        type=int,
        default=8,
        metavar="N",
        help="greatest number of differing bits of 64 (default: 8)",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        metavar="PATTERN",
        help=f"file names to leave out, may be repeated (default: masks, {' '.join(_MASKS)})",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the groups and write them as a table.

    Returns:
        0, or 2 if some files could not be read.

    Raises:
        ConfigError: the folder holds no image, the distance is out of its range, or imagehash is
            not installed.
        WriteError: the table cannot be written.
    """
    from pipeline.errors import ConfigError
    from pipeline.prepare.near_copies import find_near_copies
    from pipeline.write_table import write_table

    paths = _list_images(args.folder, _MASKS if args.exclude is None else args.exclude)
    if not paths:
        msg = f"expected images in a folder, got none at {args.folder}"
        raise ConfigError(msg)
    groups, failures = find_near_copies(paths, max_distance=args.max_distance)
    rows = [
        {"group": number, "file": path.relative_to(args.folder).as_posix()}
        for number, group in enumerate(groups, start=1)
        for path in group
    ]
    for number, group in enumerate(groups, start=1):
        say(f"{number}: " + ", ".join(str(path.relative_to(args.folder)) for path in group))
    say(f"{len(paths)} images, {len(groups)} groups of near-copies with {len(rows)} images")
    if args.output is not None:
        write_table(args.output, ("group", "file"), rows)
        say(f"wrote {args.output}")
    for path, reason in failures.items():
        say(f"not read: {path.relative_to(args.folder)}: {reason}", to_stderr=True)
    return 2 if failures else 0


def _list_images(folder: Path, exclude: "list[str] | tuple[str, ...]") -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES
        and not path.name.startswith(".")
        and not any(fnmatch(path.name, pattern) for pattern in exclude)
        and path.is_file()
    )
