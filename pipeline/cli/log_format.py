"""Formats of a log line: for people, or for programs."""

import json
import logging
import os
from datetime import datetime, timezone
from typing import Any, TextIO

from pipeline.escape_text import escape_text

_COLOURS = {logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m", logging.CRITICAL: "\x1b[31m"}
_PLAIN = "\x1b[0m"


class TextFormat(logging.Formatter):
    """Plain lines; those of warnings and errors are coloured on a terminal.

    Colours are left out where ``NO_COLOR`` is set, see https://no-color.org.

    Args:
        stream: that the lines are written to.
        with_times: begin each line with time, level and logger.
    """

    def __init__(self, stream: TextIO, *, with_times: bool = False) -> None:
        head = "%(asctime)s %(levelname)s %(name)s: " if with_times else ""
        super().__init__(f"{head}%(message)s")
        self._with_times = with_times
        is_dumb = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self._has_colour = stream.isatty() and not is_dumb

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Format a record without its traceback."""
        record.message = escape_text(record.message)
        text = super().formatMessage(record)
        if record.levelno == logging.WARNING and not self._with_times:
            text = f"warning: {text}"
        colour = _COLOURS.get(record.levelno, "") if self._has_colour else ""
        return f"{colour}{text}{_PLAIN}" if colour else text


class JsonFormat(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and further fields of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record.

        Args:
            record: its attribute ``fields``, a dictionary, becomes further keys.
        """
        fields: dict[str, Any] = getattr(record, "fields", {})
        trace = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        return format_json(
            record.getMessage(), level=record.levelname, logger=record.name, **fields, **trace
        )


def format_json(message: str, *, level: str, logger: str, **fields: Any) -> str:
    """Format one line for a program."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    content = {"time": now, "level": level.lower(), "logger": logger, "message": message, **fields}
    return json.dumps(content, default=str)
