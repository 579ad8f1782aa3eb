"""What a DICOM header says of the pixels, checked before it is believed."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from pipeline.errors import ReadError
from pipeline.readers.image_source import check_size
from pipeline.readers.limits import LARGEST_DECODED_BYTES, MOST_FRAMES

_PHOTOMETRIC = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_PARTIAL_420": 3,
    "YBR_PARTIAL_422": 3,
    "YBR_RCT": 3,
    "YBR_ICT": 3,
}
"""*Photometric Interpretation* (0028,0004) that is read, and its *Samples per Pixel*."""
_OTHER_PHOTOMETRIC = ("HSV", "ARGB", "CMYK", "XYB")
"""Terms of the standard that are not read."""
_SUBSAMPLED = "YBR_FULL_422"


@dataclass(frozen=True)
class PixelDescription:
    """The Image Pixel module (PS3.3 section C.7.6.3) of a file.

    Attributes:
        rows: *Rows* (0028,0010).
        columns: *Columns* (0028,0011).
        frames: *Number of Frames* (0028,0008), 1 if absent; the SOP class does not count.
        samples: *Samples per Pixel* (0028,0002), 1 or 3.
        photometric: *Photometric Interpretation* (0028,0004), as the standard spells it.
        bits_allocated: (0028,0100), 1, 8 or 16.
        bits_stored: (0028,0101).
        high_bit: (0028,0102), the highest of the stored bits.
        is_signed: *Pixel Representation* (0028,0103).
        planar_configuration: (0028,0006), 0 if absent.
        remarks: what was odd and has only one meaning.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    planar_configuration: int
    remarks: tuple[str, ...] = ()

    @classmethod
    def read(cls, dataset: Dataset) -> "PixelDescription":
        """Read and check.

        Raises:
            ReadError: an attribute is missing or no number, they contradict each other, or ask
                for more than `pipeline.readers.limits` allows.
        """
        try:
            description = _read(dataset)
        except ReadError:
            raise
        except Exception as error:  # pydicom raises whatever a damaged value leads to
            kind = type(error).__name__
            msg = f"expected all attributes of the pixels (0028,xxxx), got {kind}"
            raise ReadError(msg) from error
        _check(description)
        return description

    @property
    def frame_bits(self) -> int:
        """Bits of an uncompressed frame; those of the next one follow without a gap."""
        bits = self.rows * self.columns * self.samples * self.bits_allocated
        return bits * 2 // 3 if self.photometric == _SUBSAMPLED else bits

    @property
    def decoded_bytes(self) -> int:
        """Bytes of all frames, uncompressed."""
        return -(-self.frames * self.frame_bits // 8)

    def take_stored(self, words: NDArray[np.integer]) -> NDArray[np.integer]:
        """Take the stored bits out of whole words (PS3.5 section 8.1.1).

        Args:
            words: any shape, integers of `bits_allocated`.

        Returns:
            Values of the same shape, 0 to 2^`bits_stored` - 1, or half of them below 0 if signed.
        """
        above = self.bits_allocated - 1 - self.high_bit
        below = self.bits_allocated - self.bits_stored
        if not below or self.bits_allocated == 1:
            return words
        kind = f"{'i' if self.is_signed else 'u'}{self.bits_allocated // 8}"
        values: NDArray[np.integer] = words.astype(kind, copy=False) << above >> below
        return values

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
    frames, frame_remarks = _read_frames(dataset)
    allocated, stored = _read_int(dataset, "BitsAllocated"), _read_int(dataset, "BitsStored")
    high_bit, remarks = _read_high_bit(dataset, allocated, stored)
    return PixelDescription(
        rows=_read_int(dataset, "Rows"),
        columns=_read_int(dataset, "Columns"),
        frames=frames,
        samples=_read_int(dataset, "SamplesPerPixel"),
        photometric=_read_photometric(dataset),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        is_signed=_read_flag(dataset, "PixelRepresentation"),
        planar_configuration=int(_read_flag(dataset, "PlanarConfiguration")),
        remarks=remarks + frame_remarks,
    )


def _read_frames(dataset: Dataset) -> tuple[int, tuple[str, ...]]:
    """Read *Number of Frames* (0028,0008), which some writers of stills set to 0."""
    if dataset.get("NumberOfFrames") is None:
        return 1, ()
    frames = _read_int(dataset, "NumberOfFrames")
    return frames or 1, () if frames else ("its Number of Frames is 0, and taken for 1",)


def _read_int(dataset: Dataset, keyword: str) -> int:
    """Read a number; some writers repeat it for every sample."""
    if dataset.get(keyword) in (None, ""):
        raise _refuse_missing(keyword)
    value = dataset[keyword].value
    if isinstance(value, MultiValue | list):
        (value,) = set(value)
    return int(value)


def _refuse_missing(keyword: str) -> ReadError:
    tag = Tag(keyword)
    return ReadError(
        f"expected {keyword} ({tag.group:04X},{tag.element:04X}), without which nobody knows the "
        "pixels, got none: export the file again"
    )


def _read_flag(dataset: Dataset, keyword: str) -> bool:
    """Read what is 0 or 1, and 0 if absent."""
    if dataset.get(keyword) is None:
        return False
    value = _read_int(dataset, keyword)
    if value not in (0, 1):
        msg = f"expected {keyword} (0028,{dataset[keyword].tag.element:04X}) of 0 or 1, got {value}"
        raise ReadError(msg)
    return value == 1


def _read_photometric(dataset: Dataset) -> str:
    """Spell it as the standard does; capitals, spaces and underscores differ in some files."""
    plain = {re.sub("[^A-Z0-9]", "", name): name for name in _PHOTOMETRIC}
    value = dataset.get("PhotometricInterpretation")
    if not value:
        raise _refuse_missing("PhotometricInterpretation")
    stated = re.sub("[^A-Z0-9]", "", str(value).upper())
    if stated not in plain:
        names, got = ", ".join(_PHOTOMETRIC), stated if stated in _OTHER_PHOTOMETRIC else "another"
        msg = f"expected PhotometricInterpretation (0028,0004) of {names}, got {got}"
        raise ReadError(msg)
    return plain[stated]


def _read_high_bit(dataset: Dataset, allocated: int, stored: int) -> tuple[int, tuple[str, ...]]:
    """Read *High Bit* (0028,0102), and return whether it had to be guessed."""
    stated = None if dataset.get("HighBit") is None else _read_int(dataset, "HighBit")
    if stored == allocated:  # no choice is left
        is_sound = stated in (None, stored - 1)
        return stored - 1, () if is_sound else ("its High Bit cannot be, and does not count",)
    if stated is None:
        return stored - 1, ("its High Bit is missing, and taken for Bits Stored less 1",)
    return stated, ()


def _check(pixels: PixelDescription) -> None:
    check_size(pixels.rows, pixels.columns)
    if not 1 <= pixels.frames <= MOST_FRAMES:
        msg = f"expected NumberOfFrames (0028,0008) of 1 to {MOST_FRAMES}, got {pixels.frames}"
        raise ReadError(msg)
    allocated, stored = pixels.bits_allocated, pixels.bits_stored
    if allocated not in (1, 8, 16):
        msg = f"expected BitsAllocated (0028,0100) of 1, 8 or 16, got {allocated}"
        raise ReadError(msg)
    if not 1 <= stored <= allocated:
        msg = f"expected BitsStored (0028,0101) of 1 to {allocated} as BitsAllocated, got {stored}"
        raise ReadError(msg)
    if not stored <= pixels.high_bit + 1 <= allocated:
        msg = (
            f"expected HighBit (0028,0102) of {stored - 1} to {allocated - 1} for {stored} bits "
            f"stored of {allocated}, got {pixels.high_bit}"
        )
        raise ReadError(msg)
    if pixels.samples != _PHOTOMETRIC[pixels.photometric]:
        samples = _PHOTOMETRIC[pixels.photometric]
        msg = (
            f"expected SamplesPerPixel (0028,0002) of {samples} for {pixels.photometric}, "
            f"got {pixels.samples}"
        )
        raise ReadError(msg)
    if pixels.samples == 3 and pixels.is_signed:
        msg = "expected PixelRepresentation (0028,0103) of 0 for colour, got 1"
        raise ReadError(msg)
    if pixels.photometric.startswith("YBR") and stored != allocated:
        msg = f"expected BitsStored (0028,0101) of {allocated} for YBR as allocated, got {stored}"
        raise ReadError(msg)
    if pixels.decoded_bytes > LARGEST_DECODED_BYTES:
        most = LARGEST_DECODED_BYTES
        msg = f"expected at most {most} bytes of decoded pixels, got {pixels.decoded_bytes}"
        raise ReadError(msg)
