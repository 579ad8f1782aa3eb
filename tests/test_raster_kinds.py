"""PNG, JPEG, BMP and TIFF of every kind: the picture that a viewer shows, or the true reason.

Legend: `raster_kinds.MEMBERS`, 64 x 96 px.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from raster_kinds import MEMBERS, Member

from pipeline.errors import ReadError
from pipeline.readers.open_image import open_image

KINDS = list(dict.fromkeys(member.kind for member in MEMBERS))


def judge(member: Member, path: Path) -> str:
    """Say what is wrong with how a member is read, nothing if it is as it should be."""
    path.write_bytes(member.make())
    try:
        source = open_image(path)
        frames = [source.read(index) for index in range(source.frames)]
    except ReadError as error:
        return "" if member.refused and _matches(member.refused, str(error)) else str(error)
    if member.refused:
        return "was read"
    if [frame.shape for frame in frames] != [frame.shape for frame in member.frames]:
        return f"shapes of {[frame.shape for frame in frames]}"
    differences = [
        float(np.abs(frame - np.asarray(expected, np.float64)).max())
        for frame, expected in zip(frames, member.frames, strict=True)
    ]
    return "" if max(differences) <= member.tolerance else f"grey values off by {differences}"


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_is_read_right_or_refused(kind: str, tmp_path: Path) -> None:
    members = [member for member in MEMBERS if member.kind == kind]
    wrong = {member.name: judge(member, tmp_path / "x") for member in members}
    assert {name: what for name, what in wrong.items() if what} == {}


def test_names_are_reported_apart() -> None:
    titles = [member.title for member in MEMBERS]
    assert len(titles) == len(set(titles)) > 250
