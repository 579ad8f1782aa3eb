"""Masks as DICOM Segmentation, for the PACS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.atomic import write_atomically
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.results.source_result import SourceResult
from pipeline.results.writer import Writer
from pipeline.writers.dicom.encode_object import encode_object

if TYPE_CHECKING:
    from pipeline.writers.dicom.segmentation import Geometry


class DicomSeg(Writer):
    """Write ``seg/<path of the source>``, one object for a DICOM file with a lesion.

    A file without any lesion has none, and its structured report says so.

    Args:
        output_dir: the run's folder; ``seg`` is made in it.
        model: that made the masks.
        geometry: see `build_segmentation`.
    """

    needs_sources = True
    needs_header = True
    suffix = ".dcm"

    def __init__(
        self, output_dir: str | Path, model: ModelIdentity, *, geometry: Geometry = "nominal"
    ) -> None:
        self.root = Path(output_dir) / "seg"
        self.model = model
        self.geometry = geometry

    def write_source(self, source: SourceResult) -> None:
        """Write the object, if there is a lesion.

        Raises:
            WriteError: the object cannot be built of this source, or not written.
        """
        frames = [frame for frame in source.results if frame.lesions]
        if source.header is None or not frames:
            return
        # Seconds of imports, which runs without DICOM need not pay.
        from pipeline.writers.dicom.segmentation import build_segmentation

        with quiet_decoders():  # pydicom's warnings quote the header
            built = build_segmentation(
                source.header,
                frames,
                model=self.model,
                mm_per_pixel=source.mm_per_pixel,
                geometry=self.geometry,
            )
            content = encode_object(built)
        write_atomically(self.locate(source.file, None), content)
