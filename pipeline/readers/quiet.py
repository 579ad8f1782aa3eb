"""Keep decoders from telling the world what stands in a header."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()
_PYDICOM = logging.getLogger("pydicom")


@contextmanager
def quiet_decoders() -> Iterator[list[warnings.WarningMessage]]:
    """Hold back the warnings of Pillow and pydicom, and pydicom's log.

    Both quote values of the file, as in ``Invalid value for VR DA: '...'``, which may be a
    patient's. Filters and levels belong to the whole process, and `CacheDataset` reads in several
    threads: one at a time is let in.

    Yields:
        The warnings so far, for those who look for a certain one.
    """
    with _LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        level = _PYDICOM.level
        _PYDICOM.setLevel(logging.CRITICAL + 1)
        try:
            yield caught
        finally:
            _PYDICOM.setLevel(level)
