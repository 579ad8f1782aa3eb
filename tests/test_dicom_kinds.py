"""Files that depart from the standard, kind by kind: the right picture, or the true reason.

Legend: `dicom_kinds.MEMBERS`, 64 x 96 px, each around pictures that are known.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from dicom_kinds import MEMBERS, Member
from dicom_kinds.member import MM

from pipeline.errors import ReadError
from pipeline.readers.dicom.dicom_source import DicomSource

READ = [member for member in MEMBERS if not member.refused]
REFUSED = [member for member in MEMBERS if member.refused]


def each(members: list[Member]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("member", members, ids=lambda member: member.title)


def write(member: Member, folder: Path) -> Path:
    path = folder / "member.dcm"
    path.write_bytes(member.make())
    return path


@each(READ)
def test_every_frame_is_right_or_alone_refused(member: Member, tmp_path: Path) -> None:
    source = DicomSource(write(member, tmp_path))
    assert source.frames == len(member.frames)
    for index, expected in enumerate(member.frames):
        if expected is None:
            with pytest.raises(ReadError, match="expected"):
                source.read(index)
            continue
        grey = source.read(index)
        assert grey.shape == expected.shape
        assert np.abs(grey - expected).max() <= member.tolerance
        (region,) = source.regions(grey)
        assert not member.has_mm or region.mm_per_pixel == pytest.approx(MM)


@each([member for member in READ if all(frame is not None for frame in member.frames)])
def test_user_is_told_of_what_is_odd(member: Member, tmp_path: Path) -> None:
    remarks = "; ".join(DicomSource(write(member, tmp_path)).remarks)
    assert re.search(member.remark, remarks) if member.remark else remarks == ""


def read_last(path: Path, member: Member) -> None:
    source = DicomSource(path)
    source.regions(source.read(len(member.frames) - 1))


@each(REFUSED)
def test_refusal_tells_the_true_reason(member: Member, tmp_path: Path) -> None:
    path = write(member, tmp_path)
    with pytest.raises(ReadError, match=member.refused):
        read_last(path, member)
