"""Measurements as DICOM structured report, for the PACS."""

from pathlib import Path

from pipeline.atomic import write_atomically
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.results.source_result import SourceResult
from pipeline.results.writer import Writer
from pipeline.writers.dicom.encode_object import encode_object


class DicomSr(Writer):
    """Write ``sr/<path of the source>``, one object for every DICOM file.

    Args:
        output_dir: the run's folder; ``sr`` is made in it.
        model: that made the masks.
        segmentation: whether `DicomSeg` writes too: then the report refers to its object.
    """

    needs_sources = True
    needs_header = True
    suffix = ".dcm"

    def __init__(
        self, output_dir: str | Path, model: ModelIdentity, *, segmentation: bool = False
    ) -> None:
        self.root = Path(output_dir) / "sr"
        self.model = model
        self.segmentation = segmentation

    def write_source(self, source: SourceResult) -> None:
        """Write the report.

        Raises:
            WriteError: the report cannot be built of this source, or not written.
        """
        if source.header is None:
            return
        # Seconds of imports, which runs without DICOM need not pay.
        from pipeline.writers.dicom.structured_report import build_report

        with quiet_decoders():  # pydicom's warnings quote the header
            built = build_report(
                source.header,
                source.results,
                model=self.model,
                number_of_frames=source.frames,
                segmentation=self.segmentation,
            )
            content = encode_object(built)
        write_atomically(self.locate(source.file, None), content)
