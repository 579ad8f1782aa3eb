"""What a DICOM header says of the pixels, checked before it is believed."""

from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.pixels.utils import get_expected_length

from pipeline.errors import ReadError
from pipeline.readers.image_source import check_size
from pipeline.readers.limits import LARGEST_DECODED_BYTES, MOST_FRAMES


@dataclass(frozen=True)
class PixelDescription:
    """The Image Pixel module (PS3.3 section C.7.6.3) of a file.

    Attributes:
        rows: *Rows* (0028,0010).
        columns: *Columns* (0028,0011).
        frames: *Number of Frames* (0028,0008), 1 if absent; the SOP class does not count.
        samples: *Samples per Pixel* (0028,0002), 1 or 3.
        photometric: *Photometric Interpretation* (0028,0004).
        bits_allocated: (0028,0100), 1, 8 or 16.
        bits_stored: (0028,0101).
        is_signed: *Pixel Representation* (0028,0103).
        planar_configuration: (0028,0006), 0 if absent.
        decoded_bytes: of all frames, uncompressed.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    planar_configuration: int
    decoded_bytes: int

    @classmethod
    def read(cls, dataset: Dataset) -> "PixelDescription":
        """Read and check.

        Args:
            dataset: the header.

        Raises:
            ReadError: an attribute is missing or no number, they contradict each other, or ask
                for more than `pipeline.readers.limits` allows.
        """
        try:
            description = _read(dataset)
        except Exception as error:  # pydicom lets out whatever a damaged value leads to
            kind = type(error).__name__
            msg = f"expected all attributes of the pixels (0028,xxxx), got {kind}"
            raise ReadError(msg) from error
        _check(description)
        return description

    def codec_options(self) -> dict[str, Any]:
        """Options of pydicom's decoders, for one frame."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "samples_per_pixel": self.samples,
            "photometric_interpretation": self.photometric,
            "bits_allocated": self.bits_allocated,
            "bits_stored": self.bits_stored,
            "pixel_representation": int(self.is_signed),
            "planar_configuration": self.planar_configuration,
        }


def _read(dataset: Dataset) -> PixelDescription:
    frames = dataset.get("NumberOfFrames")
    return PixelDescription(
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        frames=1 if frames is None else int(frames),
        samples=int(dataset.SamplesPerPixel),
        photometric=str(dataset.PhotometricInterpretation),
        bits_allocated=int(dataset.BitsAllocated),
        bits_stored=int(dataset.BitsStored),
        is_signed=int(dataset.get("PixelRepresentation", 0)) == 1,
        planar_configuration=int(dataset.get("PlanarConfiguration", 0)),
        decoded_bytes=get_expected_length(dataset),
    )


def _check(pixels: PixelDescription) -> None:
    check_size(pixels.rows, pixels.columns)
    if not 1 <= pixels.frames <= MOST_FRAMES:
        msg = f"expected NumberOfFrames (0028,0008) of 1 to {MOST_FRAMES}, got {pixels.frames}"
        raise ReadError(msg)
    if pixels.bits_allocated not in (1, 8, 16):
        msg = f"expected BitsAllocated (0028,0100) of 1, 8 or 16, got {pixels.bits_allocated}"
        raise ReadError(msg)
    if not 1 <= pixels.bits_stored <= pixels.bits_allocated:
        msg = (
            f"expected BitsStored (0028,0101) of 1 to {pixels.bits_allocated} as BitsAllocated, "
            f"got {pixels.bits_stored}"
        )
        raise ReadError(msg)
    is_colour = pixels.photometric.startswith(("RGB", "YBR"))
    if pixels.samples != (3 if is_colour else 1):
        msg = f"expected SamplesPerPixel (0028,0002) of 3 for colour, else 1, got {pixels.samples}"
        raise ReadError(msg)
    if pixels.decoded_bytes > LARGEST_DECODED_BYTES:
        most = LARGEST_DECODED_BYTES
        msg = f"expected at most {most} bytes of decoded pixels, got {pixels.decoded_bytes}"
        raise ReadError(msg)
