"""The studies and labels as clients of MONAI Label see them."""

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from pipeline.label.label_errors import RequestError, UnknownImageError
from pipeline.label.label_store import TAGS
from pipeline.label.mask_file import LARGEST_MASK_BYTES, decode_mask
from pipeline.label.study_image import StudyImage
from pipeline.label.workbench import Workbench


class LabelDatastore:
    """An image id is the name of a frame (`StudyImage.name_frame`), and so is a label id."""

    def __init__(self, workbench: Workbench, title: str) -> None:
        self.workbench = workbench
        self._title = title

    def datalist(self) -> list[dict[str, Any]]:
        """List the frames that have a final label, by their names and not by paths."""
        return [{"image": name, "label": name} for name in self.list_labeled()]

    def get_label_uri(self, label_id: str, label_tag: str) -> str:
        """Give the path of a label's PNG."""
        path = self.workbench.labels.path(*self.workbench.find(label_id), label_tag)
        if not path.is_file():
            msg = "expected a label that was saved before, there is none for this image"
            raise UnknownImageError(msg)
        return str(path)

    def get_image_info(self, image_id: str) -> dict[str, Any]:
        """Return facts about an image, and the notes on it."""
        image, number = self.workbench.find(image_id)
        return {
            **self.workbench.read_notes(image_id),
            "name": image.name_frame(number).rsplit("/", 1)[-1],
            "rows": image.rows,
            "columns": image.columns,
            "frame": number,
            "frames": image.frames,
        }

    def get_label_info(self, label_id: str, label_tag: str) -> dict[str, Any]:
        """Return the notes on a label."""
        return self.workbench.labels.read_info(*self.workbench.find(label_id), label_tag)

    def list_labeled(self, tag: str = "final") -> list[str]:
        """Name the frames that have a label of this tag."""
        return [image.name_frame(number) for image, number in self._select(tag, labeled=True)]

    def list_unlabeled(self, tag: str = "final") -> list[str]:
        """Name the frames that have none."""
        return [image.name_frame(number) for image, number in self._select(tag, labeled=False)]

    def list_images(self) -> list[str]:
        """Name the frames to label."""
        return [image.name_frame(number) for image, number in self.workbench.list_frames()]

    def get_dataset_archive(self, limit_cases: int | None) -> str:
        """Write the labeled images and their labels to a ZIP file in the temporary folder."""
        names = self.list_labeled()[:limit_cases]
        with (
            tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file,
            zipfile.ZipFile(file, "w") as archive,
        ):
            for name in names:
                image, number = self.workbench.find(name)
                label = Path(self.get_label_uri(name, "final"))
                archive.write(label, f"labels/{name.replace('#', '_')}.png")
                inside = f"images/{image.id}"
                if inside not in archive.namelist():
                    archive.write(self.workbench.locate(image, number)[0], inside)
        return file.name

    def add_image(self, image_id: str, image_filename: str, image_info: dict[str, Any]) -> str:
        """Take an uploaded image under its id, with the suffix of the file."""
        path = Path(image_filename)
        suffix = "".join(
            path.suffixes[-2:] if path.suffixes[-1:] == [".gz"] else path.suffixes[-1:]
        )
        name = image_id if image_id.endswith(suffix) else image_id + suffix
        return self.workbench.studies.add(name, path)

    def remove_image(self, image_id: str) -> None:
        """Refuse: the studies are not ours to change."""
        msg = "images cannot be removed here: remove them from the studies"
        raise RequestError(msg)

    def save_label(
        self, image_id: str, label_filename: str, label_tag: str, label_info: dict[str, Any]
    ) -> str:
        """Save a label that is a PNG, NRRD or NIfTI file of the image's size."""
        image, number = self.workbench.find(image_id)
        path = Path(label_filename)
        if path.stat().st_size > LARGEST_MASK_BYTES:
            msg = f"expected a mask of at most {LARGEST_MASK_BYTES} bytes"
            raise RequestError(msg)
        mask = decode_mask(path.read_bytes(), (image.rows, image.columns))
        if label_tag == "final":
            self.workbench.accept(image, number, mask, label_info)
        else:
            self.workbench.labels.path(image, number, label_tag)  # refuses other tags
            self.workbench.labels.save(image, number, mask, tag="original", info=label_info)
        return image.name_frame(number)

    def remove_label(self, label_id: str, label_tag: str) -> None:
        """Remove a label from the folder of labels."""
        self.workbench.labels.remove(*self.workbench.find(label_id), label_tag)

    def update_image_info(self, image_id: str, info: dict[str, Any]) -> None:
        """Note something about an image."""
        self.workbench.add_notes(image_id, info)

    def update_label_info(self, label_id: str, label_tag: str, info: dict[str, Any]) -> None:
        """Note something about a label."""
        self.workbench.labels.update_info(*self.workbench.find(label_id), label_tag, info)

    def status(self) -> dict[str, Any]:
        """Count images and labels."""
        return {
            "total": len(self.list_images()),
            "completed": len(self.list_labeled()),
            "label_tags": {tag: len(self.list_labeled(tag)) for tag in TAGS},
            "train": [],
        }

    def json(self) -> dict[str, Any]:
        """List images and their labels, without paths."""
        objects = {}
        for image, number in self.workbench.list_frames():
            name = image.name_frame(number)
            tags = [tag for tag in TAGS if self.workbench.labels.path(image, number, tag).is_file()]
            labels = {tag: {"name": name, "info": self.get_label_info(name, tag)} for tag in tags}
            info = {"image": {"info": self.get_image_info(name)}, "labels": {"tags": labels}}
            objects[name] = info
        return {"name": self._title, "description": self._title, "objects": objects}

    def _select(self, tag: str, *, labeled: bool) -> list[tuple[StudyImage, int]]:
        path = self.workbench.labels.path
        return [
            frame
            for frame in self.workbench.list_frames()
            if path(*frame, tag).is_file() == labeled
        ]
