"""All lesions of a run as polygons, in the format of COCO."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import RESEARCH_ONLY
from pipeline.atomic import open_atomically
from pipeline.results.finished_run import FinishedRun, ImageRecord
from pipeline.results.writer import Writer

_CATEGORY = {"id": 1, "name": "lesion", "supercategory": "breast"}


class CocoJson(Writer):
    """Write ``coco.json``: images, and an annotation for each lesion.

    Polygons are outer boundaries in px, x before y, and (0, 0) is the upper left corner of the
    first pixel, as COCO has it. ``score`` is the lesion's probability. ``frame`` is the number of
    the frame from 1 for a file that has several.

    References:
        https://cocodataset.org/#format-data
    """

    def __init__(self, output_dir: str | Path) -> None:
        self.path: Path = Path(output_dir) / "coco.json"

    def write_run(self, run: FinishedRun) -> None:
        """Write the file, image by image: it may be larger than the memory.

        Raises:
            WriteError: the file cannot be written.
        """
        info = {"description": RESEARCH_ONLY}
        with (
            open_atomically(self.path) as file,
            io.TextIOWrapper(file, "utf-8", newline="") as text,
        ):
            text.write(f'{{"info": {json.dumps(info)},\n"categories": {json.dumps([_CATEGORY])},\n')
            text.write('"images": [')
            _write_items(text, _list_images(run))
            text.write('],\n"annotations": [')
            _write_items(text, _list_annotations(run))
            text.write("]}\n")


def _write_items(text: io.TextIOWrapper, items: Iterator[dict[str, Any]]) -> None:
    for number, item in enumerate(items):
        text.write(("," if number else "") + "\n" + json.dumps(item))


def _number_images(run: FinishedRun) -> Iterator[tuple[int, ImageRecord]]:
    return enumerate((record for record in run.records() if record.size is not None), start=1)


def _list_images(run: FinishedRun) -> Iterator[dict[str, Any]]:
    for number, record in _number_images(run):
        height, width = record.size or (0, 0)
        image = {"id": number, "file_name": record.row.file, "width": width, "height": height}
        yield image if record.row.frame is None else {**image, "frame": record.row.frame}


def _list_annotations(run: FinishedRun) -> Iterator[dict[str, Any]]:
    annotation = 0
    for number, record in _number_images(run):
        for lesion, contours in zip(record.lesions, record.contours, strict=True):
            annotation += 1
            top, left, bottom, right = (
                int(lesion[f"box_{edge}"]) for edge in ("top", "left", "bottom", "right")
            )
            yield {
                "id": annotation,
                "image_id": number,
                "category_id": _CATEGORY["id"],
                "segmentation": contours,
                "bbox": [left, top, right - left, bottom - top],
                "area": int(lesion["area_px"]),
                "iscrowd": 0,
                "score": float(lesion["probability"]),
            }
