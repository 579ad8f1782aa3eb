"""Finished labels and predictions of a folder, one PNG for each frame."""

import json
import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.atomic import write_atomically
from pipeline.label.label_errors import RequestError, UnknownImageError
from pipeline.label.mask_file import decode_mask, encode_mask
from pipeline.label.study_image import StudyImage
from pipeline.results.output_path import FRAME_DIGITS

LabelTag = Literal["final", "original"]
TAGS: tuple[LabelTag, ...] = ("final", "original")
"""What a person has accepted, and what the network had said."""


LARGEST_INFO_BYTES = 64 << 10
"""Bytes of the notes of clients on one label or image, as JSON."""


class LabelStore:
    """Masks in ``final/`` and ``original/``, named like their images.

    Of ``a/x.dcm`` the label is ``a/x.dcm.png``, of frame 3 of a cine ``a/x.dcm/0003.png``: 8-bit
    grey, 0 or 255. The notes of a client on a label lie beside it as JSON. All files are whole or
    not there, and the folder is all there is: another process sees a label as soon as it is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def path(self, image: StudyImage, number: int, tag: str) -> Path:
        """Give the path of a label, whether or not it exists.

        Args:
            image: of the studies; only what the studies list may come here.
            number: of the frame from 1.
            tag: one of `TAGS`.

        Raises:
            RequestError: there is no such tag.
            UnknownImageError: there is no such frame.
        """
        if tag not in TAGS:
            msg = f"expected a tag of {', '.join(TAGS)}, got another"
            raise RequestError(msg)
        if not 1 <= number <= image.frames:
            msg = f"expected a frame from 1 to {image.frames}, got {number}"
            raise UnknownImageError(msg)
        base = self.folder / tag / image.id
        if image.frames == 1:
            return base.with_name(base.name + ".png")
        return base / f"{number:0{FRAME_DIGITS}d}.png"

    def save(
        self,
        image: StudyImage,
        number: int,
        mask: NDArray[np.bool_],
        *,
        tag: LabelTag = "final",
        info: dict[str, Any] | None = None,
    ) -> None:
        """Save a label in place of an earlier one.

        Args:
            image: of the studies.
            number: of the frame from 1.
            mask: (H, W) bool at the size of the image.
            tag: whether a person has accepted it.
            info: what else is known of it, as JSON.

        Raises:
            RequestError: what is known of it is too much.
            WriteError: the file cannot be written.
        """
        path = self.path(image, number, tag)
        notes = encode_info(info or {})
        with self._lock:
            write_atomically(path, encode_mask(mask, ".png"))
            write_atomically(path.with_suffix(".json"), notes)

    def load(self, image: StudyImage, number: int, tag: str = "final") -> NDArray[np.bool_] | None:
        """Load a label.

        Returns:
            (H, W) bool, `None` if there is none.

        Raises:
            RequestError: it does not have the size of the image any more, or is damaged.
        """
        path = self.path(image, number, tag)
        if not path.is_file():
            return None
        return decode_mask(path.read_bytes(), (image.rows, image.columns))

    def remove(self, image: StudyImage, number: int, tag: str) -> None:
        """Remove a label, if there is one."""
        path = self.path(image, number, tag)
        with self._lock:
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)

    def frames(self, image: StudyImage, tag: str = "final") -> list[int]:
        """List the frames of an image that have a label, by their numbers from 1."""
        path = self.path(image, 1, tag)
        if image.frames == 1:
            return [1] if path.is_file() else []
        if not path.parent.is_dir():
            return []
        numbers = [int(found.stem) for found in path.parent.glob("*.png") if found.stem.isdigit()]
        return sorted(number for number in numbers if 1 <= number <= image.frames)

    def read_info(self, image: StudyImage, number: int, tag: str) -> dict[str, Any]:
        """Read what is known of a label besides its mask."""
        path = self.path(image, number, tag).with_suffix(".json")
        if not path.is_file():
            return {}
        info: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return info

    def update_info(self, image: StudyImage, number: int, tag: str, info: dict[str, Any]) -> None:
        """Add to what is known of a label.

        Raises:
            UnknownImageError: there is no such label.
            WriteError: the file cannot be written.
        """
        path = self.path(image, number, tag)
        with self._lock:
            if not path.is_file():
                msg = "expected a label that was saved before, there is none for this image"
                raise UnknownImageError(msg)
            notes = encode_info(self.read_info(image, number, tag) | info)
            write_atomically(path.with_suffix(".json"), notes)


def encode_info(info: dict[str, Any]) -> bytes:
    """Encode the notes of clients on a label or an image.

    Raises:
        RequestError: it is too much.
    """
    content = (json.dumps(info, indent=2, allow_nan=False) + "\n").encode()
    if len(content) > LARGEST_INFO_BYTES:
        msg = f"expected at most {LARGEST_INFO_BYTES} bytes of notes, got {len(content)}"
        raise RequestError(msg)
    return content
