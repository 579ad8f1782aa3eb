"""Files that depart from the standard, kind by kind: the right picture, or the true reason.

Legend: `dicom_kinds.MEMBERS`, 64 x 96 px, each around pictures that are known.
"""

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from dicom_kinds import MEMBERS, Member
from dicom_kinds.member import MM

from pipeline.errors import ReadError
from pipeline.readers.dicom.dicom_source import DicomSource

KINDS: dict[str, list[Member]] = defaultdict(list)
for _member in MEMBERS:
    KINDS[_member.kind].append(_member)


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_is_read_right_or_refused(kind: str, tmp_path: Path) -> None:
    wrong = {}
    for number, member in enumerate(KINDS[kind]):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(member.make())
        if found := check_refusal(path, member) if member.refused else check_frames(path, member):
            wrong[member.name] = found
    assert wrong == {}


def check_refusal(path: Path, member: Member) -> str:
    """Say what is wrong with the reason that a file is refused for; empty if nothing is."""
    try:
        source = DicomSource(path)
        source.regions(source.read(len(member.frames) - 1))
    except ReadError as error:
        return "" if re.search(member.refused, str(error)) else f"refused: {error}"
    return "not refused"


def check_frames(path: Path, member: Member) -> str:
    """Say what is wrong with frames and remarks of a file; empty if nothing is."""
    source = DicomSource(path)
    if source.frames != len(member.frames):
        return f"{source.frames} frames"
    remarks = "; ".join(source.remarks)
    for index, expected in enumerate(member.frames):
        if found := check_frame(source, index, expected, member):
            return f"frame {index + 1}: {found}"
    if any(frame is None for frame in member.frames):
        return ""
    is_reported = re.search(member.remark, remarks) if member.remark else remarks == ""
    return "" if is_reported else f"remarks: {remarks}"


def check_frame(
    source: DicomSource, index: int, expected: np.ndarray | None, member: Member
) -> str:
    """Say what is wrong with a frame; one that is expected to be lost has to be refused."""
    try:
        grey = source.read(index)
    except ReadError as error:
        is_refused = expected is None and "expected" in str(error)
        return "" if is_refused else f"refused: {error}"
    if expected is None:
        return "not refused"
    if grey.shape != expected.shape:
        return f"shape {grey.shape}"
    if not np.abs(grey - expected).max() <= member.tolerance:
        return f"differs by {np.abs(grey - expected).max()} grey levels"
    regions = source.regions(grey)
    if len(regions) != 1:
        return f"{len(regions)} regions"
    mm = regions[0].mm_per_pixel
    return f"mm {mm}" if member.has_mm and mm != pytest.approx(MM) else ""
