"""Which files of a folder a run opens, and in which order."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import ReadError, SkippedError
from pipeline.journal.holds_results import holds_results


def walk_folder(data: Path, *, exclude: Path | None = None) -> list[Path]:
    """List the files that a run opens, see `iterate_folder`.

    Args:
        data: a folder, or a single file.
        exclude: a folder inside `data` that is not entered.
    """
    return list(iterate_folder(data, exclude=exclude))


def iterate_folder(data: Path, *, exclude: Path | None = None) -> Iterator[Path]:
    """Yield the files that a run opens, in its order.

    Links to folders are not followed, so that the walk ends.

    Args:
        data: a folder, or a single file.
        exclude: a folder inside `data` that is not entered.

    Yields:
        The files, sorted folder by folder; then the folders that are not entered because they are
        links, closed, or hold the results of a run.
    """
    if not data.is_dir():
        yield data
        return
    left_out = None if exclude is None else exclude.resolve()
    closed: list[Path] = []

    def note(error: OSError) -> None:
        closed.append(Path(error.filename))

    for folder, folders, names in os.walk(data, followlinks=False, onerror=note):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if (here / name).resolve() != left_out)
        closed += [here / name for name in folders if (here / name).is_symlink()]
        results = [name for name in folders if holds_results(here / name)]
        closed += [here / name for name in results if not (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in results]
        yield from (here / name for name in sorted(names))
    yield from sorted(closed)


def refuse_folder(path: Path) -> ReadError:
    """Say why a folder was not entered.

    Args:
        path: one of the folders that `walk_folder` lists.
    """
    if path.is_symlink():
        return SkippedError("a link to a folder, which is not followed: run that folder by itself")
    if holds_results(path):
        return SkippedError("a folder of results of this program, which are no images")
    return ReadError("expected a folder that may be entered")
