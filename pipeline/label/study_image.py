"""A file of the studies, and the names of its frames."""

import re
from dataclasses import dataclass

_FRAME = re.compile(r"#frame=([1-9]\d{0,5})$")


@dataclass(frozen=True)
class StudyImage:
    """One file, a still or a cine.

    Attributes:
        id: what requests name it by: a path relative to the studies, or a *SOP Instance UID*.
        name: what is shown to people; nothing of a patient.
        frames: number of frames, at least 1.
        rows: height in px.
        columns: width in px.
        key_frames: numbers from 1 of the frames to label; of a still, 1.
    """

    id: str
    name: str
    frames: int
    rows: int
    columns: int
    key_frames: tuple[int, ...] = (1,)

    @property
    def frame_ids(self) -> list[str]:
        """One name for each of `key_frames`."""
        return [self.name_frame(number) for number in self.key_frames]

    def name_frame(self, number: int) -> str:
        """Name a frame as `FrameReference` does.

        Args:
            number: from 1.

        Returns:
            The `id` of a still; for a cine with ``#frame=k`` at its end.
        """
        return self.id if self.frames == 1 else f"{self.id}#frame={number}"


def split_frame_id(frame_id: str) -> tuple[str, int | None]:
    """Split the name of a frame into image and number.

    Returns:
        The file's `id`, and the number from 1 or `None` if there is none.

    Examples:
        >>> split_frame_id("cine/sweep.dcm#frame=3")
        ('cine/sweep.dcm', 3)
        >>> split_frame_id("still.png")
        ('still.png', None)
    """
    match = _FRAME.search(frame_id)
    return (frame_id, None) if match is None else (frame_id[: match.start()], int(match[1]))


def choose_key_frames(frames: int, named: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Choose the frames of a cine to label.

    Args:
        frames: number of frames.
        named: numbers from 1 that the header names, *Frame Numbers of Interest* (0028,6020) or
            *Representative Frame Number* (0028,6010).

    Returns:
        Those of `named` that exist, else the middle frame.

    Examples:
        >>> choose_key_frames(12), choose_key_frames(12, (3, 90)), choose_key_frames(1)
        ((6,), (3,), (1,))
    """
    existing = tuple(sorted({number for number in named if 1 <= number <= frames}))
    return existing or ((frames + 1) // 2,)
