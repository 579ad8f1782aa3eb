"""Keep the memory of a training step for the next step."""

import ctypes
import sys

# Parameters of mallopt(3).
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

_MAX = 2**31 - 1


def keep_memory() -> None:
    """Let this process keep what it frees, for the process's lifetime.

    By default, glibc asks the kernel for each array of 32 MiB or more, gives it back when it is
    freed, and the kernel clears its pages for the next one, which a training step waits for.
    It is for a process that does nothing but train: the memory is not given back after that.
    Where the C library is another one, nothing is changed.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MAX)
        mallopt(_M_TRIM_THRESHOLD, _MAX)
