"""Loggers in whose output nobody can forge a line."""

import logging
from collections.abc import Mapping
from typing import Any

from pipeline.escape_text import escape_text


def get_logger(name: str) -> "logging.LoggerAdapter[logging.Logger]":
    """Get the logger of a module; texts that are put into its messages go through `escape_text`.

    MONAI lets a bundle's ``logging.conf`` have no formatter of its own, so this is done before.
    """
    return _EscapingLogger(logging.getLogger(name), {})


class _EscapingLogger(logging.LoggerAdapter[logging.Logger]):
    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log a message whose arguments are escaped, but for numbers."""
        if self.isEnabledFor(level):
            self.logger.log(level, msg, *map(_escape_argument, args), **kwargs)


def _escape_argument(value: Any) -> Any:
    is_plain = isinstance(value, (int, float, Mapping)) or value is None
    return value if is_plain else escape_text(value)


def log_like_others(prefix: str) -> None:
    """Make loggers to which a library gave an output of their own log like all others.

    MONAI's print on standard output whatever the levels are.
    """
    loggers: dict[str, Any] = logging.root.manager.loggerDict
    for name, logger in loggers.items():
        if name.startswith(prefix) and isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.NOTSET)
