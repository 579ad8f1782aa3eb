"""Silence decoder warnings and logs that quote header values."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()
_LOGGERS = [
    logging.getLogger(name)
    for name in ("pydicom", "pydicom.pixels.decoders.base", "pydicom.pixels.utils", "tifffile")
]


@contextmanager
def quiet_decoders() -> Iterator[list[warnings.WarningMessage]]:
    """Hold back the warnings of Pillow and pydicom, and pydicom's log.

    Both quote values of the file, as in ``Invalid value for VR DA: '...'``, which may be a
    patient's. Filters and loggers belong to the whole process, and `CacheDataset` reads in several
    threads: one at a time is let in.

    Yields:
        The warnings so far, for those who look for a certain one.
    """
    with _LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Not by a level, which would empty the caches of all loggers every time.
        before = [logger.disabled for logger in _LOGGERS]
        for logger in _LOGGERS:
            logger.disabled = True
        try:
            yield caught
        finally:
            for logger, disabled in zip(_LOGGERS, before, strict=True):
                logger.disabled = disabled
