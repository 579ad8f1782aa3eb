"""Log lines, with names of files in them."""

import logging
from pathlib import Path

import pytest

from pipeline.get_logger import get_logger, log_like_others

FORGED = "a.png\n2026-01-01 INFO pipeline: all is well\x1b[2K"


def test_name_cannot_write_another_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    get_logger("pipeline.x").error("failed: %s: %s", FORGED, Path("b\u202ec"))
    (record,) = caplog.records
    assert record.getMessage() == (
        r"failed: a.png\n2026-01-01 INFO pipeline: all is well\x1b[2K: b\u202ec"
    )
    assert (record.name, record.levelno) == ("pipeline.x", logging.ERROR)


def test_numbers_stay_numbers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    get_logger("pipeline.x").info("%d images, %.2f s, %s", 3, 0.5, None)
    assert caplog.messages == ["3 images, 0.50 s, None"]


def test_level_counts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    get_logger("pipeline.x").info("not this")
    assert not caplog.records


def test_loggers_with_an_output_of_their_own_log_like_others() -> None:
    logger = logging.getLogger("somebody.elses")
    logger.addHandler(logging.StreamHandler())
    logger.propagate = False
    logger.setLevel(logging.INFO)
    log_like_others("somebody")
    assert (logger.handlers, logger.propagate, logger.level) == ([], True, logging.NOTSET)
