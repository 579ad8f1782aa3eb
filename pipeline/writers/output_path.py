"""Where the result of a source goes; the one rule for every writer."""

from pathlib import PurePosixPath

FRAME_DIGITS = 4
"""Least width of a frame's number in a file name; longer numbers are written in full."""


def output_path(file: str, frame: int | None, suffix: str = ".png") -> PurePosixPath:
    """Derive the path of a result from that of its source.

    Args:
        file: path of the source relative to the input folder, with forward slashes.
        frame: number of the frame from 1, `None` for a file with a single one.
        suffix: of the result.

    Returns:
        The path relative to the writer's folder. The source's suffix is kept and `suffix`
        appended, unless it is there already.

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
    return source.with_name(source.name + suffix)
