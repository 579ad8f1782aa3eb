"""How much memory this process takes meanwhile."""

import re
from pathlib import Path

STATUS = Path("/proc/self/status")
HAS_PROC = STATUS.is_file()


class PeakMemory:
    """How much more memory than before this process has had meanwhile; 0 where it cannot be told.

    Attributes:
        bytes: the most, known at the end.
    """

    bytes = 0

    def __enter__(self) -> "PeakMemory":
        if HAS_PROC:
            Path("/proc/self/clear_refs").write_text("5")  # resets the peak, see proc(5)
            self._before = self._read("VmRSS")
        return self

    def __exit__(self, *error: object) -> None:
        if HAS_PROC:
            self.bytes = self._read("VmHWM") - self._before

    def _read(self, name: str) -> int:
        (line,) = re.findall(rf"^{name}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
        return int(line) << 10
