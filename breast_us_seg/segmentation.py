"""A result to look at and to save."""

import base64
import html
import io
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline import RESEARCH_ONLY
from pipeline.errors import WriteError
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.lesion import Lesion
from pipeline.results.result import Result
from pipeline.results.result_frame import ResultFrame
from pipeline.results.source_result import SourceResult
from pipeline.results.writer import Writer
from pipeline.writers.dicom_seg import DicomSeg
from pipeline.writers.dicom_sr import DicomSr
from pipeline.writers.png_mask import PngMask
from pipeline.writers.png_overlay import PngOverlay, draw_overlay


@dataclass(frozen=True)
class Segmentation(Result):
    """The segmentation of one image, at the size of its source; see `Result` for what it holds.

    Attributes:
        model: that has made it.
    """

    model: ModelIdentity | None = None

    @classmethod
    def of(cls, result: Result, model: ModelIdentity) -> "Segmentation":
        """Make one from a `Result`.

        Args:
            result: of the segmenter.
            model: that has made it.
        """
        values = {field.name: getattr(result, field.name) for field in fields(Result)}
        return cls(**values, model=model)

    def overlay(self) -> NDArray[np.uint8]:
        """Draw the image with its lesions outlined, diameters and a scale bar where mm are known.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        return draw_overlay(self)

    def save(self, folder: str | Path) -> list[Path]:
        """Write the files that ``breast-us-seg infer`` writes for an image, at the same paths.

        That is ``masks/`` and ``overlays/``, and of a DICOM still ``seg/`` and ``sr/``. A file
        that is there is replaced.

        Args:
            folder: made if missing.

        Returns:
            Paths of the files.

        Raises:
            WriteError: a file cannot be written, or the image has no name.
        """
        if not self.file:
            msg = "expected an image with a name, got an array: give `name` to `segment`"
            raise WriteError(msg)
        written = []
        writers: list[Writer] = [PngMask(folder), PngOverlay(folder)]
        for writer in writers:
            writer.write(self)
            written.append(writer.locate(self.file, self.frame))
        if self.header is None or self.frame is not None or self.model is None:
            return written
        frames = [ResultFrame(1, (self.mask.shape[0], self.mask.shape[1]), self.lesions)]
        source = SourceResult(self.file, self.header, 1, frames, self.mm_per_pixel)
        writers = [DicomSeg(folder, self.model), DicomSr(folder, self.model, segmentation=True)]
        for writer in writers:
            writer.write_source(source)
            path = writer.locate(self.file, None)
            written += [path] if path.is_file() else []
        return written

    def _repr_html_(self) -> str:
        """Show the overlay and a table of the lesions, as notebooks do."""
        picture = io.BytesIO()
        Image.fromarray(self.overlay()).save(picture, "PNG")
        source = base64.b64encode(picture.getvalue()).decode()
        name = html.escape(self.file or "image")
        rows = "".join(map(_format_row, self.lesions))
        head = "<tr><th>Lesion</th><th>Probability</th><th>Size</th><th>Malignancy</th></tr>"
        table = f"<table>{head}{rows}</table>" if rows else "<p>No lesion was found.</p>"
        quality = f"<p>{html.escape('; '.join(self.quality))}</p>" if self.quality else ""
        return (
            f'<figure><img alt="{name}" src="data:image/png;base64,{source}" '
            f'style="max-width:100%"><figcaption>{name}</figcaption></figure>'
            f"{table}{quality}<p><small>{RESEARCH_ONLY}</small></p>"
        )


def _format_row(lesion: Lesion) -> str:
    long, short = lesion.long_axis, lesion.short_axis
    if long.length_mm is not None and short.length_mm is not None:
        size = f"{long.length_mm:.1f} x {short.length_mm:.1f} mm"
    else:
        size = f"{long.length_px:.0f} x {short.length_px:.0f} px"
    malignancy = "" if lesion.malignancy is None else f"{lesion.malignancy:.2f}"
    cells = (str(lesion.number), f"{lesion.probability:.2f}", size, malignancy)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
