"""One frame of one file as a plain string, as MONAI's `LoadImaged` takes nothing else."""

import re
from pathlib import Path
from typing import NamedTuple

_FRAME, _REGION = re.compile(r"#frame=(\d+)$"), re.compile(r"#region=(\d+)$")


class FrameReference(NamedTuple):
    """A frame of an image file, or one of several B-mode images in it.

    Attributes:
        path: the file.
        frame: number of the frame from 1, or `None` for a file with a single one.
        region: number of the B-mode image in the frame from 1, from the left to the right.

    Examples:
        >>> str(FrameReference(Path("sweep.dcm"), 3))
        'sweep.dcm#frame=3'
        >>> FrameReference.parse("sweep.dcm#frame=3").frame
        3
        >>> FrameReference.parse("dual.dcm#region=2")
        FrameReference(path=PosixPath('dual.dcm'), frame=None, region=2)
        >>> FrameReference.parse("still.png").frame is None
        True
    """

    path: Path
    frame: int | None = None
    region: int = 1

    def __str__(self) -> str:
        frame = "" if self.frame is None else f"#frame={self.frame}"
        region = "" if self.region == 1 else f"#region={self.region}"
        return f"{self.path}{frame}{region}"

    @classmethod
    def parse(cls, text: str) -> "FrameReference":
        """Take a reference apart.

        Args:
            text: a path, with ``#frame=k`` at its end for one frame of many, and ``#region=k`` for
                one B-mode image of several. A file that is really called so is taken as that file.
        """
        frame, region = None, 1
        if (match := _REGION.search(text)) and not Path(text).exists():
            text, region = text[: match.start()], int(match[1])
        if (match := _FRAME.search(text)) and not Path(text).exists():
            text, frame = text[: match.start()], int(match[1])
        return cls(Path(text), frame, region)
