"""Print for the person who runs a command."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from pipeline.cli.log_format import format_json
from pipeline.escape_text import escape_text


@dataclass
class _Style:
    quiet: bool = False
    as_json: bool = False


_style = _Style()


class OutputClosed(Exception):  # noqa: N818
    """Nobody reads the output any more, as after `| head`."""


def say(*lines: object, to_stderr: bool = False, flush: bool = False) -> None:
    """Print lines, each escaped by `escape_text`, whatever the terminal's encoding is.

    Args:
        lines: one text each.
        to_stderr: print on standard error; it is an error, or what must be seen.
        flush: do not wait for more.

    Raises:
        OutputClosed: nobody reads them.
    """
    if _style.quiet and not to_stderr:
        return
    stream = sys.stderr if to_stderr else sys.stdout
    try:
        _print(lines, stream, to_stderr=to_stderr)
        if flush:
            stream.flush()
    except BrokenPipeError as error:
        raise OutputClosed from error


def _print(lines: Sequence[object], stream: TextIO, *, to_stderr: bool) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for line in lines:
        text = escape_text(line)
        if _style.as_json:
            text = format_json(text, level="error" if to_stderr else "info", logger="breast-us-seg")
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)


@contextmanager
def say_as(*, quiet: bool, as_json: bool) -> Iterator[None]:
    """Change how `say` prints.

    Args:
        quiet: errors only.
        as_json: one JSON object a line.
    """
    before = _style.quiet, _style.as_json
    _style.quiet, _style.as_json = quiet, as_json
    try:
        yield
    finally:
        _style.quiet, _style.as_json = before
