"""A folder of images as studies; nothing is written to it."""

import contextlib
import filecmp
import re
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.atomic import open_atomically
from pipeline.datasets.walk_folder import walk_folder
from pipeline.errors import ConfigError, PipelineError
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.label.label_errors import FullError, RequestError, UnknownImageError
from pipeline.label.study_image import StudyImage, choose_key_frames
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.open_image import open_image

_UPLOADS = "uploads/"
"""Beginning of the `StudyImage.id` of what was uploaded."""
_UPLOAD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")
MOST_UPLOADS, MOST_UPLOADED_BYTES = 5_000, 32 << 30
"""Uploaded images that are kept, and their bytes in total."""
_LONGEST_COPY_S = 600.0
"""Seconds without a change after which a file that is being kept is given up."""
_SECONDS_BETWEEN_WALKS = 2.0


class _Entry(NamedTuple):
    """The image found at a path when the file had this time and size."""

    modified: int
    size: int
    image: StudyImage | None


class FolderStudies:
    """The images of a folder, by content as `breast-us-seg infer` takes them.

    Only what the walk has found can be asked for, and only if it still lies inside the folder
    after all links are followed: no name of a request is ever joined to a path.

    Args:
        folder: the studies.
        uploads: folder for what clients upload, outside of the studies.

    Raises:
        ConfigError: the folder does not exist.
    """

    def __init__(self, folder: Path, uploads: Path) -> None:
        if not folder.is_dir():
            msg = f"expected a folder of images at {folder}, found none"
            raise ConfigError(msg)
        self.folder = folder.resolve()
        self.uploads = uploads.resolve()
        self._lock = threading.Lock()
        self._known: dict[Path, _Entry] = {}
        self._paths: dict[str, Path] = {}
        self._images: list[StudyImage] = []
        self._walked = -_SECONDS_BETWEEN_WALKS
        self._remove_halves()

    def list_images(self) -> list[StudyImage]:
        """Walk the folder, and the uploads, and look at what is new."""
        with self._lock:
            if time.monotonic() - self._walked >= _SECONDS_BETWEEN_WALKS:
                self._walk()
            return list(self._images)

    def locate(self, image_id: str) -> Path:
        """Find the file of an image.

        Raises:
            UnknownImageError: there is none, or it has become a link that leads outside.
        """
        self.list_images()
        path = self._paths.get(image_id)
        if path is None or not self._is_inside(path):
            msg = "expected the id of an image in the studies, got another: list the images again"
            raise UnknownImageError(msg)
        return path

    def add(self, name: str, upload: Path) -> str:
        """Keep an uploaded image beside the labels, not in the studies.

        Raises:
            RequestError: the name has other characters or is taken, or the file is no image.
            FullError: there are `MOST_UPLOADS` already, or with it `MOST_UPLOADED_BYTES`.
            WriteError: it cannot be kept.
        """
        if _UPLOAD_NAME.fullmatch(name) is None:
            msg = "expected a name of at most 100 letters, digits, spaces and ._- for the upload"
            raise RequestError(msg)
        try:
            open_image(upload)
        except PipelineError as error:
            msg = f"the upload is no image to segment: {error}"
            raise RequestError(msg) from error
        path = self.uploads / name
        with self._lock:
            if path.exists() and not filecmp.cmp(path, upload, shallow=False):
                msg = "expected a new name, got that of another upload: rename the file"
                raise RequestError(msg)
            self._remove_halves()
            self._check_room(path, upload)
            with open_atomically(path) as kept, upload.open("rb") as sent:
                shutil.copyfileobj(sent, kept)
            self._walk()
        return _UPLOADS + name

    def store_label(
        self, image_id: str, masks: Mapping[int, NDArray[np.bool_]], model: ModelIdentity
    ) -> None:
        """Do nothing: labels stay in the folder of labels."""

    def find_labels(self) -> dict[str, dict[int, NDArray[np.bool_]]]:
        """Find none, as they are in the folder of labels."""
        return {}

    def _remove_halves(self) -> None:
        """Remove half-kept uploads of killed servers, but not of another that is still running."""
        for path in self.uploads.glob(".*.tmp"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _LONGEST_COPY_S:
                    path.unlink()

    def _check_room(self, path: Path, upload: Path) -> None:
        kept = self.uploads.glob("*") if self.uploads.is_dir() else ()
        sizes = [other.stat().st_size for other in kept if other != path]
        is_full = len(sizes) >= MOST_UPLOADS
        if is_full or sum(sizes) + upload.stat().st_size > MOST_UPLOADED_BYTES:
            msg = (
                f"expected room for the upload, got {len(sizes)} of {sum(sizes) >> 20} MiB already "
                "kept: remove images from the uploads folder beside the labels"
            )
            raise FullError(msg)

    def _is_inside(self, path: Path) -> bool:
        real = path.resolve()
        return real.is_relative_to(self.folder) or real.is_relative_to(self.uploads)

    def _walk(self) -> None:
        known: dict[Path, _Entry] = {}
        images: dict[str, tuple[Path, StudyImage]] = {}
        for root, prefix in ((self.folder, ""), (self.uploads, _UPLOADS)):
            for path in walk_folder(root) if root.is_dir() else ():
                if not path.is_file() or not self._is_inside(path):
                    continue
                image_id = prefix + path.relative_to(root).as_posix()
                known[path] = self._look(path, image_id)
                image = known[path].image
                if image is not None and image_id not in images:
                    images[image_id] = (path, image)
        self._known = known
        self._paths = {image_id: path for image_id, (path, _) in images.items()}
        self._images = [image for _, image in images.values()]
        self._walked = time.monotonic()

    def _look(self, path: Path, image_id: str) -> _Entry:
        status = path.stat()
        entry = self._known.get(path)
        if entry is not None and entry[:2] == (status.st_mtime_ns, status.st_size):
            return entry
        return _Entry(status.st_mtime_ns, status.st_size, _open_image(path, image_id))


def _open_image(path: Path, image_id: str) -> StudyImage | None:
    try:
        source = open_image(path)
    except PipelineError:
        return None  # `breast-us-seg check` says why a file is left out
    rows, columns = source.size
    frames = source.frames
    named = () if source.dataset is None else read_key_frames(source.dataset)
    return StudyImage(
        id=image_id,
        name=image_id,
        frames=frames,
        rows=rows,
        columns=columns,
        key_frames=choose_key_frames(frames, named),
    )


def read_key_frames(header: Dataset) -> tuple[int, ...]:
    """Read which frames of a cine matter.

    Returns:
        Numbers from 1 of *Frame Numbers of Interest* (0028,6020), else *Representative Frame
        Number* (0028,6010), else nothing. They may be wrong.
    """
    with quiet_decoders():
        for keyword in ("FrameNumbersOfInterest", "RepresentativeFrameNumber"):
            value = header.get(keyword)
            values = (
                value if isinstance(value, (list, tuple)) or hasattr(value, "__iter__") else [value]
            )
            numbers = tuple(int(number) for number in values if isinstance(number, int))
            if numbers:
                return numbers
    return ()
