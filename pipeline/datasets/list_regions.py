"""A datalist with an entry for each B-mode image instead of each frame."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader


def list_regions(items: Iterable[dict[str, Any]], reader: UltrasoundReader) -> list[dict[str, Any]]:
    """Repeat each item for every B-mode image of its frame, as only one is cropped to at a time.

    Args:
        items: of a datalist; ``image`` is a path.
        reader: that will read them.

    Returns:
        The items in their order; the ``image`` of those that were added ends with ``#region=k``.

    Raises:
        ReadError: a DICOM file cannot be read; other formats have one image and are not opened.
    """
    listed = []
    for item in items:
        path = Path(item["image"])
        listed.append(item)
        for region in range(2, _count_regions(path, reader) + 1):
            listed.append({**item, "image": str(FrameReference(path, region=region))})
    return listed


def _count_regions(path: Path, reader: UltrasoundReader) -> int:
    if reader.open(path).dataset is None:
        return 1
    return int(reader.get_data(FrameReference(path))[1]["region_count"])
