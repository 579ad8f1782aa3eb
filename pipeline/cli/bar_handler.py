"""Log lines beside a progress bar."""

import logging

from tqdm import tqdm


class BarHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Clear the bars of tqdm before a line is written, and draw them again below it.

    `tqdm.contrib.logging` does so too, but with formatters alone, without levels.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        with tqdm.external_write_mode(file=self.stream):
            super().emit(record)
