"""What is checked before an engine starts, so that a slip costs a second and not a night.

The configs name these functions as the first step of ``run``. They end the process with one
line instead of raising, as MONAI would wrap an exception in pages of its own traceback.
"""

import difflib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pipeline.writers.run_journal import hash_file

_RUN_OPTIONS = {
    "args_file",
    "config_file",
    "final_id",
    "init_id",
    "logging_file",
    "meta_file",
    "run_id",
    "tracking",
}
"""Options of `monai.bundle run` itself."""


def check_inference(dataset_dir: str, output_dir: str, ckpt: str) -> None:
    """Check an inference run.

    Args:
        dataset_dir: folder of images, or one image.
        output_dir: folder of the results; need not exist.
        ckpt: weights.

    Raises:
        SystemExit: an override is unknown, something is missing, or output and input are one.
    """
    check_overrides(sys.argv)
    source = Path(dataset_dir)
    if not source.exists():
        _refuse(f"expected images at {source}, found nothing: set --dataset_dir")
    if source.is_dir() and next(source.iterdir(), None) is None:
        _refuse(f"expected images in {source}, found an empty folder")
    if source.resolve() == Path(output_dir).resolve():
        _refuse(f"expected --output_dir to differ from --dataset_dir, both are {source}")
    check_weights(ckpt)


def check_datalist(datalist: str, splits: Sequence[str], ckpt: str | None = None) -> None:
    """Check a training or an evaluation run.

    Args:
        datalist: JSON file of `breast-us-seg prepare`.
        splits: its lists that the run needs, none of them empty.
        ckpt: weights, if the run needs some.

    Raises:
        SystemExit: an override is unknown, the datalist is missing or empty, or one of its files
            is gone.
    """
    check_overrides(sys.argv)
    path = Path(datalist)
    if not path.is_file():
        _refuse(
            f"expected a datalist at {path}, found none: make one with `breast-us-seg prepare`, "
            "or set --dataset_dir to its folder"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        _refuse(f"expected JSON in {path}, got {error}")
    for split in splits:
        items = content.get(split) if isinstance(content, dict) else None
        if not items:
            _refuse(f"expected images in the list {split!r} of {path}, found none")
        missing = next(_missing_files(items, path.parent), None)
        if missing is not None:
            _refuse(f"expected the file {missing}, named in {path}: run prepare again")
    if ckpt is not None:
        check_weights(ckpt)


def check_weights(ckpt: str) -> None:
    """Check that weights are there and, if a ``.sha256`` file lies beside them, unharmed.

    Args:
        ckpt: the file.

    Raises:
        SystemExit: they are missing or damaged.
    """
    path = Path(ckpt)
    if not path.is_file():
        _refuse(
            f"expected weights at {path}, found none: set --bundle_root to the bundle's folder, "
            "or --ckpt to a file of weights"
        )
    expected = path.with_name(path.name + ".sha256")
    if expected.is_file() and expected.read_text().split()[0] != hash_file(path):
        _refuse(f"expected {path} to have the hash in {expected.name}: it is damaged or replaced")


def check_overrides(argv: Sequence[str]) -> None:
    """Check that every ``--name`` of a `monai.bundle run` is known; MONAI takes any.

    Args:
        argv: the command line; one of another program is not looked at.

    Raises:
        SystemExit: a name is neither in the config nor an option of `monai.bundle run`.
    """
    options = _parse_options(argv)
    if not _is_bundle_run(argv) or "config_file" not in options:
        return
    known = _RUN_OPTIONS | set(_read_keys(options["config_file"]))
    for name in options:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), 1)
            hint = f": did you mean --{close[0]}?" if close else ""
            _refuse(f"--{name} is not in {options['config_file']}{hint}")


def _is_bundle_run(argv: Sequence[str]) -> bool:
    return len(argv) > 1 and Path(argv[0]).parts[-2:] == ("bundle", "__main__.py")


def _parse_options(argv: Sequence[str]) -> dict[str, str]:
    """Map the first part of each ``--a#b value`` or ``--a=value`` to its value."""
    options: dict[str, str] = {}
    for position, word in enumerate(argv):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if not equals and position + 1 < len(argv):
            value = argv[position + 1]
        options[re.split("#|::", name)[0].replace("-", "_")] = value
    return options


def _read_keys(config_file: str) -> Iterable[str]:
    for name in re.findall(r"[^\[\]'\",\s]+", config_file):
        yield from json.loads(Path(name).read_text(encoding="utf-8"))


def _missing_files(items: Sequence[dict[str, Any]], folder: Path) -> Iterator[Path]:
    for item in items:
        for key in ("image", "label"):
            path = folder / item[key]
            if not path.is_file():
                yield path


def _refuse(message: str) -> NoReturn:
    raise SystemExit(f"error: {message}")
