"""One frame of one file as a plain string, as MONAI's `LoadImaged` takes nothing else."""

import re
from pathlib import Path
from typing import NamedTuple

_SUFFIX = re.compile(r"#frame=(\d+)$")


class FrameReference(NamedTuple):
    """A frame of an image file.

    Attributes:
        path: the file.
        frame: number of the frame from 1, or `None` for a file with a single one.

    Examples:
        >>> str(FrameReference(Path("sweep.dcm"), 3))
        'sweep.dcm#frame=3'
        >>> FrameReference.parse("sweep.dcm#frame=3").frame
        3
        >>> FrameReference.parse("still.png").frame is None
        True
    """

    path: Path
    frame: int | None = None

    def __str__(self) -> str:
        return str(self.path) if self.frame is None else f"{self.path}#frame={self.frame}"

    @classmethod
    def parse(cls, text: str) -> "FrameReference":
        """Take a reference apart.

        Args:
            text: a path, with ``#frame=k`` behind it for one frame of many. A file that is
                really called so is taken as that file.
        """
        match = _SUFFIX.search(text)
        if match is None or Path(text).exists():
            return cls(Path(text))
        return cls(Path(text[: match.start()]), int(match.group(1)))
