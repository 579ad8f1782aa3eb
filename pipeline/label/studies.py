"""Where images come from and where finished labels go."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.label.study_image import StudyImage


class Studies(Protocol):
    """A folder, or a DICOMweb archive."""

    def list_images(self) -> list[StudyImage]:
        """List the images, in a lasting order.

        Raises:
            ArchiveError: the archive does not answer.
        """
        ...

    def locate(self, image_id: str) -> Path:
        """Find the file of an image, fetching it if necessary.

        Args:
            image_id: `StudyImage.id`.

        Returns:
            A file on this machine.

        Raises:
            UnknownImageError: it is none of `list_images`, or no longer there.
            ArchiveError: the archive does not answer.
        """
        ...

    def add(self, name: str, upload: Path) -> str:
        """Take an uploaded image.

        Returns:
            Its `StudyImage.id`.

        Raises:
            RequestError: it is no image to segment, or images cannot be added here.
        """
        ...

    def store_label(
        self, image_id: str, masks: Mapping[int, NDArray[np.bool_]], model: ModelIdentity
    ) -> None:
        """Hand a finished label to the place that the image came from.

        Args:
            image_id: `StudyImage.id`.
            masks: (H, W) bool of all labeled frames of the image, by their number from 1.
            model: whose masks were corrected.

        Raises:
            ArchiveError: the archive does not take it.
        """
        ...

    def find_labels(self) -> dict[str, dict[int, NDArray[np.bool_]]]:
        """Find labels that earlier sessions handed over.

        Returns:
            By `StudyImage.id` and frame number, masks (H, W) bool.

        Raises:
            ArchiveError: the archive does not answer.
        """
        ...
