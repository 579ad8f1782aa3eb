"""Overlays as DICOM Secondary Capture, for viewers that show nothing else."""

from pathlib import Path

from pipeline.atomic import write_atomically
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.results.result import Result
from pipeline.results.writer import Writer
from pipeline.writers.dicom.encode_object import encode_object
from pipeline.writers.png_overlay import draw_overlay


class DicomSc(Writer):
    """Write ``sc/<path of the source>``, a colour picture for each image or frame.

    Args:
        output_dir: the run's folder; ``sc`` is made in it.
        model: that made the masks.
        blanked: whether `Result.image` is black outside the ultrasound region, so that no name is
            burned in any more.
    """

    needs_header = True
    suffix = ".dcm"

    def __init__(self, output_dir: str | Path, model: ModelIdentity, *, blanked: bool) -> None:
        self.root = Path(output_dir) / "sc"
        self.model = model
        self.blanked = blanked

    def write(self, result: Result) -> None:
        """Write the picture of a DICOM source; others have none.

        Raises:
            WriteError: the object cannot be built of this source, or not written.
        """
        if result.header is None:
            return
        # Seconds of imports, which runs without DICOM need not pay.
        from pipeline.writers.dicom.secondary_capture import build_secondary_capture

        with quiet_decoders():  # pydicom's warnings quote the header
            built = build_secondary_capture(
                result.header,
                draw_overlay(result),
                frame=result.frame,
                model=self.model,
                blanked=self.blanked,
            )
            content = encode_object(built)
        write_atomically(self.locate(result.file, result.frame), content)
