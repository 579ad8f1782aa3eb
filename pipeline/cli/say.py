"""What commands tell the person who runs them."""

import sys

from pipeline.escape_text import escape_text


def say(*lines: object, to_stderr: bool = False, flush: bool = False) -> None:
    """Print lines, each escaped by `escape_text` and written whatever the terminal's encoding is.

    Args:
        lines: one text each.
        to_stderr: print on standard error.
        flush: do not wait for more.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for line in lines:
        text = escape_text(line).encode(encoding, "backslashreplace").decode(encoding)
        print(text, file=stream)
    if flush:
        stream.flush()
