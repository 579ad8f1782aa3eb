"""All B-mode images of a frame, each as an item of its own."""

from collections.abc import Callable
from typing import Any

from pipeline.errors import ReadError
from pipeline.readers.frame_reference import FrameReference


def read_regions(
    reference: FrameReference, transform: Callable[[dict[str, Any]], Any]
) -> list[dict[str, Any]]:
    """Read a frame as often as it has B-mode images.

    Args:
        reference: of the frame.
        transform: takes ``image`` (a `FrameReference` as text) to an item whose ``image`` has the
            metadata of `UltrasoundReader`.

    Returns:
        One item or more, from the left to the right.

    Raises:
        ReadError: the frame is called like another file.
    """
    items = [_read_region(reference, transform)]
    for region in range(2, int(items[0]["image"].meta["region_count"]) + 1):
        items.append(_read_region(reference._replace(region=region), transform))
    return items


def _read_region(reference: FrameReference, transform: Callable[[dict[str, Any]], Any]) -> Any:
    text = str(reference)
    if FrameReference.parse(text) != reference:
        msg = "expected another name: one of its frames is called like another file"
        raise ReadError(msg)
    return transform({"image": text})
