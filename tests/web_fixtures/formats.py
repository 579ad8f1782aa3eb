"""Files of all formats, with what Python reads of them or why it refuses them."""

from pathlib import Path

from bad_files import BAD_FILES
from bad_files.bad_file import IMAGE
from dicom_kinds import MEMBERS
from image_formats import FORMATS

from pipeline.errors import PipelineError
from pipeline.readers.open_image import open_image
from web_fixtures.fixture_folder import FixtureFolder

_NO_FILES = ("link-", "pipe")
"""Beginnings of names of bad files that no browser is ever handed."""
_LARGEST_BYTES = 64 << 20


def write_formats(folder: Path) -> None:
    """Write the orientation phantom in every format, and what is read of it."""
    cases = FixtureFolder(folder)
    for name, kind in FORMATS.items():
        path = folder / f"{name}{kind.suffix}"
        kind.write(path, IMAGE)
        cases.add(name=name, file=path.name, grey=open_image(path).read(0))
    cases.finish()


def write_members(folder: Path) -> None:
    """Write the DICOM files that depart from the standard, and the pictures that they hold."""
    cases = FixtureFolder(folder)
    for number, member in enumerate(MEMBERS):
        path = folder / f"{number:03d}.dcm"
        path.write_bytes(member.make())
        cases.add(
            name=member.title,
            file=path.name,
            frames=[None if frame is None else frame for frame in member.frames],
            refused=member.refused,
            tolerance=member.tolerance,
        )
    cases.finish()


def write_bad_files(folder: Path) -> None:
    """Write damaged and malicious files, and what has to become of them."""
    cases = FixtureFolder(folder)
    for kind in BAD_FILES:
        if kind.in_run_only or kind.name.startswith(_NO_FILES) or "/" in kind.name:
            continue
        path = folder / kind.name
        kind.write(path)
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            path.unlink(missing_ok=True)
            continue
        cases.add(name=kind.name, file=path.name, what=kind.what, expected=_find(path))
    cases.finish()


def _find(path: Path) -> str:
    """Return whether Python reads it."""
    try:
        open_image(path).read(0)
    except PipelineError as error:
        return type(error).__name__
    return "taken"
