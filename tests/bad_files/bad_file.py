"""One kind of a file that is damaged, malicious, or only odd."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orientation_phantom import make_orientation_phantom

IMAGE, LABEL = make_orientation_phantom(64, 96)
"""What every one of them shows that can be read, (64, 96) uint8, and where it is bright."""

SECRET = "SECRET"
"""Part of every name of a patient and of much other text; nothing that a run tells may have it."""

Expected = Literal["taken", "skipped", "failed"]


@dataclass(frozen=True)
class BadFile:
    """A file, and what has to become of it.

    Attributes:
        name: of the file.
        what: what is wrong with it, for the documentation.
        expected: what becomes of it.
        reason: pattern of the reason; of a file that is taken, that of what the user is told.
        write: writes the same bytes each time.
        is_heavy: it asks for more memory or time than it may have.
        in_run_only: it is sound by itself, or found by the walk through the folder.
        in_run: what becomes of it in a run, and why, if that is something else.
        shows_phantom: whether it shows the phantom if it is taken.
    """

    name: str
    what: str
    expected: Expected
    reason: str
    write: Callable[[Path], object]
    is_heavy: bool = False
    in_run_only: bool = False
    in_run: tuple[Expected, str] | None = None
    shows_phantom: bool = True
