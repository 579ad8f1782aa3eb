"""What annotators do, through any of the interfaces."""

import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.atomic import write_atomically
from pipeline.label.image_geometry import Affine, lies_flat, read_geometry
from pipeline.label.label_errors import RequestError, UnknownImageError
from pipeline.label.label_store import LabelStore, encode_info
from pipeline.label.shared_segmenter import Prediction, SharedSegmenter
from pipeline.label.studies import Studies
from pipeline.label.study_image import StudyImage, split_frame_id

_PREDICTIONS_KEPT = 16
"""Predictions in memory: those of the images that somebody works on."""


class Workbench:
    """Images, predictions and labels, by the names that `StudyImage` gives to frames.

    Methods take a frame as its image and its number from 1, or by the name that
    `StudyImage.name_frame` gives it.

    Args:
        studies: where the images are.
        labels: where masks are kept.
        segmenter: the network.
        notes: JSON file of what clients note about images.
    """

    def __init__(
        self, studies: Studies, labels: LabelStore, segmenter: SharedSegmenter, notes: Path
    ) -> None:
        self.studies = studies
        self.labels = labels
        self.segmenter = segmenter
        self._notes = notes
        self._lock = threading.Lock()
        self._predictions: OrderedDict[tuple[str, int, str], Prediction] = OrderedDict()

    def find(self, frame_id: str) -> tuple[StudyImage, int]:
        """Find a frame by its name.

        Args:
            frame_id: of `StudyImage.name_frame`; of a cine without a frame, its first key frame.

        Returns:
            The image, and the number of the frame from 1.

        Raises:
            UnknownImageError: there is no such image or frame.
        """
        images = {image.id: image for image in self.studies.list_images()}
        if frame_id in images:
            return images[frame_id], images[frame_id].key_frames[0]
        image_id, number = split_frame_id(frame_id)
        image = images.get(image_id)
        if image is None or number is None or image.frames == 1 or number > image.frames:
            msg = "expected the id of an image in the studies, got another: list the images again"
            raise UnknownImageError(msg)
        return image, number

    def list_frames(self) -> list[tuple[StudyImage, int]]:
        """List what is to be labeled: key frames, and other frames that have a label."""
        frames = []
        for image in self.studies.list_images():
            numbers = sorted({*image.key_frames, *self.labels.frames(image)})
            frames += [(image, number) for number in numbers]
        return frames

    def is_labeled(self, image: StudyImage, number: int) -> bool:
        """Return whether a person has accepted a label."""
        return self.labels.path(image, number, "final").is_file()

    def locate(self, image: StudyImage, number: int) -> tuple[Path, int | None]:
        """Find the file of a frame, and what `FrameReference` calls the frame.

        Raises:
            UnknownImageError: the file is gone, or there is no such frame.
        """
        self.labels.path(image, number, "final")  # refuses a frame that there is not
        return self.studies.locate(image.id), None if image.frames == 1 else number

    def place(self, image: StudyImage, number: int) -> Affine | None:
        """Find where the pixels of the file that clients get lie, see `read_geometry`.

        Returns:
            `None` if no file is handed out, but a PNG of what `view` shows: of a frame of a cine,
            which would be a volume to a viewer, and of what a viewer would turn.
        """
        path, frame = self.locate(image, number)
        affine = None if frame is not None else read_geometry(path)
        return affine if affine is not None and lies_flat(affine) else None

    def predict(self, image: StudyImage, number: int) -> Prediction:
        """Segment a frame, or return an earlier prediction.

        Raises:
            RequestError: it cannot be read, or too many wait.
            ConfigError: the weights do not fit.
        """
        key = (image.id, number, self.segmenter.weights.name)
        with self._lock:
            if key in self._predictions:
                self._predictions.move_to_end(key)
                return self._predictions[key]
        prediction = self.segmenter.predict(*self.locate(image, number))
        with self._lock:
            self._predictions[key] = prediction
            while len(self._predictions) > _PREDICTIONS_KEPT:
                self._predictions.popitem(last=False)
        return prediction

    def view(self, image: StudyImage, number: int) -> tuple[NDArray[np.uint8], bool]:
        """Show a frame, see `SharedSegmenter.view`."""
        return self.segmenter.view(*self.locate(image, number))

    def accept(
        self,
        image: StudyImage,
        number: int,
        mask: NDArray[np.bool_],
        info: dict[str, Any] | None = None,
    ) -> None:
        """Save a label that a person accepted, and hand it to the place that the image came from.

        The prediction, if known, is kept beside it, so that both can be compared.

        Args:
            image: of the studies.
            number: of the frame from 1.
            mask: (H, W) bool.
            info: what else is known of the label.

        Raises:
            RequestError: the mask has not the size of the image; or it is saved here, but the
                archive did not take it.
            WriteError: it cannot be saved.
        """
        if mask.shape != (image.rows, image.columns):
            msg = f"expected a mask of {image.rows} x {image.columns} pixels, got {mask.shape}"
            raise RequestError(msg)
        with self._lock:
            said = self._predictions.get((image.id, number, self.segmenter.weights.name))
        if said is not None and said.result.mask.shape == mask.shape:
            original, info_of_it = said.result.mask, {"weights": said.weights}
            self.labels.save(image, number, original, tag="original", info=info_of_it)
        self.labels.save(image, number, mask, tag="final", info=info)
        self.studies.store_label(image.id, self._load_all(image), self.segmenter.identify())

    def recover(self) -> int:
        """Take over labels that earlier sessions handed over, where there is none here.

        Returns:
            Their number.

        Raises:
            ArchiveError: the archive does not answer.
        """
        images = {image.id: image for image in self.studies.list_images()}
        count = 0
        for image_id, masks in self.studies.find_labels().items():
            image = images.get(image_id)
            if image is None:
                continue
            for number, mask in masks.items():
                fits = number <= image.frames and mask.shape == (image.rows, image.columns)
                if fits and not self.is_labeled(image, number):
                    self.labels.save(image, number, mask, info={"from": "archive"})
                    count += 1
        return count

    def score(self) -> dict[str, float]:
        """Compare predictions with the masks that people made of them.

        Returns:
            Dice, 0 to 1, by the name of the frame; 1 where both masks are black.
        """
        scores = {}
        for image, number in self.list_frames():
            said = self.labels.load(image, number, "original")
            truth = self.labels.load(image, number, "final")
            if said is not None and truth is not None:
                both = int(said.sum()) + int(truth.sum())
                dice = 2 * int((said & truth).sum()) / both if both else 1.0
                scores[image.name_frame(number)] = dice
        return scores

    def read_notes(self, frame_id: str) -> dict[str, Any]:
        """Read what clients have noted about a frame."""
        return dict(self._read_all_notes().get(frame_id, {}))

    def add_notes(self, frame_id: str, notes: dict[str, Any]) -> None:
        """Note something about a frame.

        Raises:
            UnknownImageError: there is no such frame.
            RequestError: these are too many.
            WriteError: the notes cannot be written.
        """
        self.find(frame_id)
        with self._lock:
            everything = self._read_all_notes()
            everything[frame_id] = everything.get(frame_id, {}) | notes
            encode_info(everything[frame_id])  # refuses what is too long
            write_atomically(self._notes, (json.dumps(everything, indent=2) + "\n").encode())

    def _read_all_notes(self) -> dict[str, dict[str, Any]]:
        if not self._notes.is_file():
            return {}
        notes: dict[str, dict[str, Any]] = json.loads(self._notes.read_text(encoding="utf-8"))
        return notes

    def _load_all(self, image: StudyImage) -> dict[int, NDArray[np.bool_]]:
        masks = {number: self.labels.load(image, number) for number in self.labels.frames(image)}
        return {number: mask for number, mask in masks.items() if mask is not None}
