"""Check the paths of a run, without importing PyTorch."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.check_folders import check_input, check_output
from pipeline.errors import ConfigError, SettingError


def check_places(dataset_dir: str, output_dir: str) -> None:
    """Check where images are read and results are written.

    Args:
        dataset_dir: folder of images, or one image.
        output_dir: folder of the results; need not exist.

    Raises:
        SettingError: something is missing, both are one, or results cannot be written.
    """
    source = Path(dataset_dir)
    if source.resolve() == Path(output_dir).resolve():
        problem = f"expected another place than that of the images, got {source} for both"
        raise SettingError("output_dir", problem)
    _check_folder("dataset_dir", check_input, source)
    check_output_dir(output_dir)


def check_output_dir(output_dir: str) -> None:
    """Check where results are written.

    Args:
        output_dir: folder of the results; need not exist.

    Raises:
        SettingError: results cannot be written there.
    """
    _check_folder("output_dir", check_output, Path(output_dir))


def check_weights_file(ckpt: str) -> None:
    """Check that there are weights; what is in them is checked when they are loaded.

    Raises:
        SettingError: there is no such file.
    """
    if not Path(ckpt).is_file():
        raise SettingError("ckpt", f"expected weights at {ckpt}, found none")


def check_datalist(datalist: str, dataset_dir: str, splits: Sequence[str]) -> None:
    """Check that the images of a datalist are there.

    Args:
        datalist: JSON file of `breast-us-seg prepare`.
        dataset_dir: folder that its paths are relative to.
        splits: its lists that the run needs, none of them empty.

    Raises:
        ConfigError: the datalist is missing or empty, or one of its files is gone.
    """
    path = Path(datalist)
    if not path.is_file():
        problem = (
            f"expected a datalist at {path}, found none: make one with `breast-us-seg prepare`"
        )
        raise SettingError("dataset_dir", problem)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        problem = f"expected JSON in {path}, got {type(error).__name__}: run prepare again"
        raise SettingError("datalist", problem) from error
    for split in splits:
        items = content.get(split) if isinstance(content, dict) else None
        if not items:
            msg = f"expected images in the list {split!r} of {path}, found none"
            raise ConfigError(msg)
        missing = next(_missing_files(items, Path(dataset_dir)), None)
        if missing is not None:
            msg = (
                f"expected the file {missing}, named in {path}, found none: put the images back "
                "where they were, or run prepare again"
            )
            raise ConfigError(msg)


def _check_folder(key: str, check: Callable[[Path], None], folder: Path) -> None:
    try:
        check(folder)
    except ConfigError as error:
        raise SettingError(key, str(error)) from error


def _missing_files(items: Sequence[dict[str, Any]], folder: Path) -> Iterator[Path]:
    for item in items:
        for key in ("image", "label"):
            path = folder / item[key]
            if not path.is_file():
                yield path
