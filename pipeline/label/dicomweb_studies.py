"""Studies in a DICOMweb archive: each ultrasound instance is an image of its own."""

import hashlib
import io
import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread

from pipeline.errors import PipelineError
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.label.corrected_seg import build_seg, is_correction
from pipeline.label.dicomweb_client import DicomwebClient, Instance, read_value
from pipeline.label.label_errors import ArchiveError, RequestError, UnknownImageError
from pipeline.label.read_seg import CorrectedMasks, read_seg
from pipeline.label.study_image import StudyImage, choose_key_frames
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.open_image import open_image

logger = logging.getLogger(__name__)

_FIELDS = (
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SeriesNumber",
    "InstanceNumber",
    "RepresentativeFrameNumber",
    "FrameNumbersOfInterest",
)
_SECONDS_BETWEEN_SEARCHES = 10.0


class DicomwebStudies:
    """The ultrasound of an archive.

    A series of ultrasound is a bag of stills and cines of many sizes, not a volume; so it is the
    instance that is an image, and its *SOP Instance UID* (0008,0018) that names it. Files are kept
    in a cache under a hash of that, which says nothing about a patient.
    """

    def __init__(self, client: DicomwebClient, cache: Path) -> None:
        self.client = client
        self.cache = cache
        self._lock = threading.Lock()
        self._fetching = threading.Lock()
        self._images: list[StudyImage] = []
        self._instances: dict[str, Instance] = {}
        self._searched = -_SECONDS_BETWEEN_SEARCHES

    @classmethod
    def connect(cls, url: str, cache: Path) -> "DicomwebStudies":
        """Connect to an archive, and search it once.

        Raises:
            ArchiveError: the archive does not answer.
            ConfigError: the packages of the extra `label` are missing.
        """
        studies = cls(DicomwebClient(url), cache)
        studies.list_images()
        return studies

    def list_images(self) -> list[StudyImage]:
        """Search the archive, at most every few seconds.

        While it does not answer, the images that it had before are listed: work on those that are
        in the cache goes on.

        Raises:
            ArchiveError: it has not answered yet.
        """
        with self._lock:
            if time.monotonic() - self._searched >= _SECONDS_BETWEEN_SEARCHES:
                try:
                    self._search()
                except ArchiveError:
                    if not self._images:
                        raise
                    logger.warning("the archive does not answer, its last list of images is kept")
                self._searched = time.monotonic()
            return list(self._images)

    def locate(self, image_id: str) -> Path:
        """Find an image in the cache, or fetch it.

        Raises:
            UnknownImageError: the search has not found it.
            ArchiveError: the archive does not answer, or sends another image.
        """
        self.list_images()
        instance = self._instances.get(image_id)
        if instance is None:
            msg = "expected the id of an image in the archive, got another: list the images again"
            raise UnknownImageError(msg)
        path = self.cache / f"{hashlib.sha256(instance.sop.encode()).hexdigest()}.dcm"
        with self._fetching:
            if not path.is_file():
                self._fetch(instance, path)
        return path

    def add(self, name: str, upload: Path) -> str:
        """Refuse.

        Raises:
            RequestError: always.
        """
        msg = "images cannot be added here: send them to the archive"
        raise RequestError(msg)

    def store_label(
        self, image_id: str, masks: Mapping[int, NDArray[np.bool_]], model: ModelIdentity
    ) -> None:
        """Store the masks of an image as a new DICOM SEG; all of them black, as nothing.

        Raises:
            ArchiveError: the archive does not answer, or refuses the object.
            WriteError: the image has no valid UIDs to refer to.
        """
        if not any(mask.any() for mask in masks.values()):
            logger.info("a label without lesion is kept here only: a DICOM SEG cannot say that")
            return
        try:
            content = build_seg(self.locate(image_id), masks, model, corrected=True)
            with quiet_decoders():
                built = dcmread(io.BytesIO(content))
            self.client.store(built)
        except ArchiveError as error:
            msg = f"the label is saved here, but not in the archive: {error}; save it again later"
            raise ArchiveError(msg) from error

    def find_labels(self) -> dict[str, dict[int, NDArray[np.bool_]]]:
        """Fetch the DICOM SEG that `store_label` has stored; of an image the newest counts.

        Raises:
            ArchiveError: the archive does not answer.
        """
        newest: dict[str, CorrectedMasks] = {}
        for instance, item in self.client.search("SEG", ["SeriesDescription"]):
            description = read_value(item, "0008103E")  # some archives leave it out
            if description is not None and not is_correction(description):
                continue
            found = self._read_label(instance)
            if found is None:
                continue
            known = newest.get(found.sop_instance_uid)
            if known is None or found.saved > known.saved:
                newest[found.sop_instance_uid] = found
        return {uid: found.masks for uid, found in newest.items()}

    def _read_label(self, instance: Instance) -> CorrectedMasks | None:
        path = self.cache / f"{hashlib.sha256(instance.sop.encode()).hexdigest()}.seg.dcm"
        if not path.is_file():
            self.client.fetch(instance, path)
        try:
            with quiet_decoders():
                return read_seg(dcmread(path))
        except Exception as error:  # of any kind, from pydicom; the message may quote the header
            logger.warning(
                "a segmentation of the archive is left out: reading it gave %s",
                type(error).__name__,
            )
            return None

    def _search(self) -> None:
        found = self.client.search("US", _FIELDS)
        places = {instance.sop: _read_place(instance, item) for instance, item in found}
        found.sort(key=lambda entry: places[entry[0].sop])
        studies = list(dict.fromkeys(instance.study for instance, _ in found))
        images = []
        for instance, item in found:
            image = _describe(instance, item, studies.index(instance.study) + 1)
            if image is not None:
                images.append(image)
        self._images = images
        self._instances = {instance.sop: instance for instance, _ in found}

    def _fetch(self, instance: Instance, path: Path) -> None:
        self.client.fetch(instance, path)
        try:
            uid = open_image(path).identity["SOPInstanceUID"]
        except PipelineError as error:
            path.unlink()
            msg = f"the image of the archive cannot be read: {error}"
            raise RequestError(msg) from error
        if uid != instance.sop:
            path.unlink()
            msg = "expected the image that was asked for, the archive has sent another"
            raise ArchiveError(msg)


def _read_place(instance: Instance, item: Mapping[str, Any]) -> tuple[str, str, int, int, str]:
    series, number = _read_integer(item, "00200011"), _read_integer(item, "00200013")
    date = str(read_value(item, "00080020") or "")
    return date, instance.study, series or 0, number or 0, instance.sop


def _describe(instance: Instance, item: Mapping[str, Any], study: int) -> StudyImage | None:
    rows, columns = _read_integer(item, "00280010"), _read_integer(item, "00280011")
    if not rows or not columns:
        return None  # a report, or raw data
    frames = max(1, _read_integer(item, "00280008") or 1)
    named = item.get("00286020", {}).get("Value") or item.get("00286010", {}).get("Value") or []
    numbers = tuple(int(number) for number in named if isinstance(number, int))
    series, number = _read_integer(item, "00200011"), _read_integer(item, "00200013")
    return StudyImage(
        id=instance.sop,
        name=f"study {study}, series {series or '-'}, image {number or '-'}",
        frames=frames,
        rows=rows,
        columns=columns,
        key_frames=choose_key_frames(frames, numbers),
    )


def _read_integer(item: Mapping[str, Any], tag: str) -> int | None:
    try:
        return int(read_value(item, tag))
    except (TypeError, ValueError):
        return None
