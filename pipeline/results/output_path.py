"""Where the result of a source is written; the one rule for all writers."""

import hashlib
import os
from pathlib import PurePosixPath

FRAME_DIGITS = 4
"""Least width of a frame's number in a file name; longer numbers are written in full."""

LONGEST_NAME_BYTES = 255
"""What file systems take for the name of a file."""

_HASH_DIGITS = 8


def output_path(file: str, frame: int | None, suffix: str = ".png") -> PurePosixPath:
    """Derive the path of a result from that of its source.

    Args:
        file: path of the source relative to the input folder, with forward slashes.
        frame: number of the frame from 1, `None` for a file with a single one.
        suffix: of the result.

    Returns:
        The path relative to the writer's folder. The source's suffix is kept and `suffix`
        appended, unless it is there already. A name that gets too long by that is cut, and a
        hash of the whole name added.

    Examples:
        >>> str(output_path("a/x.png", None))
        'a/x.png'
        >>> str(output_path("a/x.dcm", None))
        'a/x.dcm.png'
        >>> str(output_path("a/x.dcm", 3))
        'a/x.dcm/0003.png'
    """
    source = PurePosixPath(file)
    if frame is not None:
        return source / f"{frame:0{FRAME_DIGITS}d}{suffix}"
    if source.suffix.lower() == suffix:
        return source
    name = source.name + suffix
    if len(os.fsencode(name)) > LONGEST_NAME_BYTES:
        name = _shorten(source.name, suffix)
    return source.with_name(name)


def _shorten(name: str, suffix: str) -> str:
    digits = hashlib.sha256(os.fsencode(name)).hexdigest()[:_HASH_DIGITS]
    end = f"~{digits}{suffix}"
    kept = name
    while len(os.fsencode(kept + end)) > LONGEST_NAME_BYTES:
        kept = kept[:-1]
    return kept + end
