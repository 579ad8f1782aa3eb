"""The page on which a person looks through a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.atomic import write_atomically
from pipeline.errors import WriteError
from pipeline.get_logger import get_logger
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.results.finished_run import FinishedRun
from pipeline.results.result import Result
from pipeline.results.writer import Writer
from pipeline.writers.report.describe_model import describe_model
from pipeline.writers.report.page import PREVIEWS, write_page
from pipeline.writers.report.preview import encode_preview
from pipeline.writers.report.report_pages import ReportPages, count_pages, find_page, group_files
from pipeline.writers.report.run_items import MEASURES, STATUSES, RunItems

_LOGGER = get_logger(__name__)

MOST_IMAGES = 20_000
"""Up to this number of images, a run has one page."""

MANY_IMAGES = 5000
"""From more images on, outlines have fewer corners."""

CORNERS = 200
"""Most corners of an outline."""

CORNERS_OF_MANY = 64
"""Most corners of an outline among many images."""

PRIVATE_SETTINGS = ("dataset_dir", "output_dir", "weights", "writers")
"""Settings that the page leaves out: local paths and options that are not thresholds."""


class HtmlReport(Writer):
    """Write ``report.html``, and ``report/<path of the source>.jpg`` for each image.

    The page is one file with everything in it but the pictures, works without a web server, and
    forbids itself any network. The pictures are grey and at most 640 px long; the page draws the
    outlines over them. A file of several frames is one card.

    A run of more than `MOST_IMAGES` images has its pages in the folder ``report-pages``, and
    ``report.html`` shows those with the most uncertain boundaries, with links to all pages.

    Args:
        output_dir: the run's folder.
        title: of the page.
        model: what the page names as the model; `None` names this program's version.
    """

    suffix = ".jpg"

    def __init__(
        self,
        output_dir: str | Path,
        *,
        title: str = "Breast lesions in ultrasound",
        model: ModelIdentity | None = None,
    ) -> None:
        self.path: Path = Path(output_dir) / "report.html"
        self.root = Path(output_dir) / PREVIEWS
        self.title = title
        self.model = model

    def write(self, result: Result) -> None:
        """Write the preview of one image; without it the page shows the outlines alone."""
        path = self.locate(result.file, result.frame)
        try:
            write_atomically(path, encode_preview(result.image))
        except WriteError as error:  # the mask is written nevertheless
            _LOGGER.warning("an image of the page has no picture: %s", error)

    def list_run_files(self, run: FinishedRun) -> list[Path]:
        """List ``report.html`` and the pages of a large run."""
        images = sum(run.counts.values())
        if images <= MOST_IMAGES:
            return [self.path]
        return [self.path, *(find_page(self.path, at) for at in range(1, count_pages(images) + 1))]

    def write_run(self, run: FinishedRun) -> None:
        """Write the page, or the pages.

        Raises:
            WriteError: a file cannot be written.
        """
        images = sum(run.counts.values())
        model = describe_model(self.model)
        head = {
            "kind": "run",
            "statuses": STATUSES,
            "measures": MEASURES,
            "brief": _say_briefly(model, run.settings),
            "model": model,
            "settings": [
                [name, _say(value)]
                for name, value in run.settings.items()
                if name not in PRIVATE_SETTINGS and not isinstance(value, Path)
            ],
        }
        if images > MOST_IMAGES:
            ReportPages(self.path, self.title, head, CORNERS_OF_MANY).write(run)
            return
        data = RunItems(CORNERS_OF_MANY if images > MANY_IMAGES else CORNERS)
        counts = [run.counts.get(status, 0) for status in STATUSES]
        write_page(
            self.path,
            title=self.title,
            head={**head, "counts": counts},
            items=data.list_items(group_files(run.records())),
            tail=data.list_texts,
        )


def _say_briefly(model: Sequence[Sequence[str]], settings: Mapping[str, Any]) -> str:
    words = [" ".join(value for _, value in model[:2])]
    words += [f"weights {value}" for _, value in model[2:]]
    if "operating_point" in settings:
        words.append(f"operating point {settings['operating_point']}")
    if "threshold" in settings:
        words.append(f"threshold {settings['threshold']}")
    return ", ".join(words)


def _say(value: Any) -> str:
    """Say a setting in words: what is on of several switches, `yes` or `no` of one."""
    if isinstance(value, Mapping):
        if all(isinstance(each, bool) for each in value.values()):
            return ", ".join(str(name) for name, each in value.items() if each) or "none"
        return ", ".join(f"{name} {_say(each)}" for name, each in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_say, value))
    return str(value)
