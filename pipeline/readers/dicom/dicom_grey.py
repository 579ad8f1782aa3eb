"""From decoded DICOM pixels to grey values."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import (
    apply_rescale,
    apply_voi_lut,
    convert_color_space,
)

from pipeline.errors import ReadError
from pipeline.readers.dicom.lookup_table import LookupTable
from pipeline.readers.dicom.read_palette import read_palette
from pipeline.readers.dicom.scale_values import swap_words, to_8_bit
from pipeline.readers.find_coloured import find_coloured
from pipeline.readers.image_source import GreyImage, rgb_to_grey
from pipeline.readers.limits import LARGE_IMAGE_PX

_NO_COLOUR = 126, 4
"""Cb/Cr from 126 to 130 count as grey: rounding, not colour."""
_MODALITY_KEYWORDS = ("ModalityLUTSequence", "RescaleSlope")
_VOI_KEYWORDS = ("VOILUTSequence", "WindowWidth")
_LINES = 256
"""Lines of pixels of a large frame that are converted at once."""


class DicomGrey:
    """Turns the decoded frames of one file into grey values.

    MONOCHROME2 goes through Modality and VOI LUT or window if there is one, the first of several;
    then *Bits Stored* (0028,0101), or the range of the LUT, is scaled to 8 bits. MONOCHROME1 is
    inverted. PALETTE COLOR goes through its lookup table. YBR and RGB become
    luma (ITU-R BT.601). See PS3.3 sections C.7.6.3.1.2, C.11.1 and C.11.2.

    Args:
        dataset: Image Pixel, Palette, Modality LUT and VOI LUT attributes of the file.
        photometric: *Photometric Interpretation* (0028,0004) as the standard spells it, if the
            file does otherwise.
        bits_stored: of the pixels, if they differ from what the file says.

    Attributes:
        remarks: what of them could not be followed.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        photometric: str | None = None,
        bits_stored: int | None = None,
    ) -> None:
        stated = {"PhotometricInterpretation": photometric, "BitsStored": bits_stored}
        self._dataset = dataset = _replace(dataset, stated)
        self._photometric = str(dataset.PhotometricInterpretation)
        self._bits = int(dataset.BitsStored)
        self.remarks: tuple[str, ...] = ()
        self._palette: NDArray[np.uint8] | None = None
        self._table = self._make_table()

    def __call__(self, pixels: NDArray[np.integer], photometric: str) -> GreyImage:
        """Turn one frame into grey values.

        Args:
            pixels: (H, W), or (H, W, 3) in RGB or YBR, as decoded.
            photometric: of the decoded pixels; compressed frames may come in RGB though the file
                says YBR.

        Returns:
            Grey values, see `GreyImage`.

        Raises:
            ReadError: the photometric interpretation does not fit the number of samples.
        """
        rows, columns = pixels.shape[:2]
        if rows * columns <= LARGE_IMAGE_PX:
            return self._convert(pixels, photometric)
        levels = np.empty((rows, columns), np.uint8)
        for start in range(0, rows, _LINES):
            part = slice(start, start + _LINES)
            levels[part] = np.rint(self._convert(pixels[part], photometric))
        return levels

    def find_coloured(
        self, pixels: NDArray[np.integer], photometric: str
    ) -> NDArray[np.bool_] | None:
        """Find what is coloured in one frame, see `find_coloured`.

        Args:
            pixels: as of a call.
            photometric: as of a call.

        Returns:
            (H, W), or `None` for nothing.
        """
        if pixels.ndim == 3:
            levels = pixels if self._bits == 8 else to_8_bit(pixels, self._bits).round()
            is_ybr = photometric.startswith("YBR")
            return find_coloured(levels.astype(np.uint8, copy=False), is_ybr=is_ybr)
        if self._palette is None:
            return None
        at = pixels if self._smallest() == 0 else pixels.astype(np.int32) - self._smallest()
        return find_coloured(np.take(self._palette, at, axis=0, mode="clip"))

    def _convert(self, pixels: NDArray[np.integer], photometric: str) -> NDArray[np.float32]:
        if self._table is not None and pixels.ndim == 2:
            first = self._smallest()
            at = pixels if first == 0 else pixels.astype(np.int32) - first
            return np.take(self._table, at, mode="clip")
        if pixels.ndim == 2:
            return pixels.astype(np.float32)
        if pixels.ndim == 3 and photometric.startswith("YBR"):
            grey = to_8_bit(pixels[..., 0], self._bits)
            return _clip_colours(grey, pixels) if pixels.dtype == np.uint8 else grey
        if pixels.ndim == 3 and photometric == "RGB":
            eight_bits = pixels if self._bits == 8 else to_8_bit(pixels, self._bits).round()
            return rgb_to_grey(eight_bits.astype(np.uint8, copy=False)).astype(np.float32)
        msg = (
            "expected one sample a pixel of MONOCHROME1, MONOCHROME2 or PALETTE COLOR, or three "
            f"of RGB or YBR, got {pixels.shape[2:] or 1} of another photometric interpretation"
        )
        raise ReadError(msg)

    def _smallest(self) -> int:
        is_signed = self._dataset.get("PixelRepresentation", 0) == 1
        return -(2 ** (self._bits - 1)) if is_signed else 0

    def _make_table(self) -> NDArray[np.float32] | None:
        """Grey value of each stored one, `None` if it is the same."""
        if self._photometric == "PALETTE COLOR":
            palette = read_palette(self._dataset, self._smallest(), self._bits)
            is_grey = bool((palette == palette[:, :1]).all())
            self._palette = None if is_grey else palette
            return np.asarray(rgb_to_grey(palette[None])[0], np.float32)
        if not self._photometric.startswith("MONOCHROME"):
            return None
        inverted = self._photometric == "MONOCHROME1"
        voi = [keyword for keyword in _VOI_KEYWORDS if self._has(keyword)]
        has_lut = bool(voi) or any(self._has(keyword) for keyword in _MODALITY_KEYWORDS)
        if not has_lut and self._bits == 8 and not inverted and self._smallest() == 0:
            return None
        stored = np.arange(self._smallest(), self._smallest() + 2**self._bits, dtype=np.int32)
        table, black, white = self._apply_luts(stored, voi)
        scale = 255 / (white - black) if white != black else 1.0
        grey = np.clip((table - black) * scale, 0, 255)
        return (255 - grey if inverted else grey).astype(np.float32)

    def _has(self, keyword: str) -> bool:
        """Return whether the file has an attribute, and not an empty one."""
        return self._dataset.get(keyword) not in (None, "", [])

    def _apply_luts(
        self, stored: NDArray[np.int32], voi: list[str]
    ) -> tuple[NDArray[np.float64], float, float]:
        """Map each stored value, and return which of the new ones are black and white."""
        table = stored.astype(np.float64)
        try:
            modality = self._apply_modality(stored.astype(self._dtype()))
            table = _as_finite(modality)
            if table[0] == table[-1]:
                msg = "expected a Modality LUT with different values, got another"
                raise ValueError(msg)
            if voi:
                displayed = _as_finite(self._apply_voi(modality, voi[0]))
                return displayed, *self._find_range(stored, voi[0])
        except Exception as error:  # whatever is wrong with what serves display only
            self.remarks = (f"its window or LUT was not followed ({type(error).__name__})",)
            table = stored.astype(np.float64)
        return table, float(table.min()), float(table.max())

    def _apply_modality(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        if self._has("ModalityLUTSequence"):
            return self._read_lut("ModalityLUTSequence")(values)
        return np.asarray(apply_rescale(values, self._dataset))

    def _apply_voi(self, values: NDArray[np.generic], keyword: str) -> NDArray[np.generic]:
        if keyword == "VOILUTSequence":
            return self._read_lut(keyword)(values)
        return np.asarray(apply_voi_lut(values, self._dataset))

    def _read_lut(self, keyword: str) -> LookupTable:
        """Read the first of several."""
        item = self._dataset[keyword][0]
        data = item.LUTData
        is_swapped = isinstance(data, bytes) and self._dataset.original_encoding[1] is False
        return LookupTable(item.LUTDescriptor, swap_words(data) if is_swapped else data)

    def _dtype(self) -> np.dtype[np.generic]:
        """Type of the stored values as pydicom has them; LUTs insist on it."""
        width = 8 if self._bits <= 8 else 16
        return np.dtype(f"{'int' if self._smallest() else 'uint'}{width}")

    def _find_range(self, stored: NDArray[np.int32], voi: str) -> tuple[float, float]:
        """Black and white of a window or VOI LUT, whether they are reached or not.

        With a negative *Rescale Slope* (0028,1053) black of pydicom's window is above its white.
        """
        lut = voi if voi == "VOILUTSequence" else "ModalityLUTSequence"
        if self._has(lut):
            return 0.0, 2.0 ** int(self._dataset[lut][0].LUTDescriptor[2]) - 1
        ends = np.array([stored[0], stored[-1]], self._dtype())
        black, white = _as_finite(self._apply_modality(ends))
        return float(black), float(white)


def _replace(dataset: Dataset, stated: dict[str, str | int | None]) -> Dataset:
    """Copy the attributes of the pixels with some changed; pydicom takes them from there."""
    if all(value is None or dataset.get(keyword) == value for keyword, value in stated.items()):
        return dataset
    changed = Dataset({element.tag: element for element in dataset.group_dataset(0x0028)})
    is_implicit, is_little_endian = dataset.original_encoding
    changed.set_original_encoding(is_implicit, is_little_endian, "iso8859")  # of segmented palettes
    for keyword, value in stated.items():
        if value is not None:
            setattr(changed, keyword, value)
    return changed


def _clip_colours(grey: NDArray[np.float32], ybr: NDArray[np.integer]) -> NDArray[np.float32]:
    """Give colours that RGB cannot hold the luma that is left of them in RGB, as others see them.

    Few pixels of ultrasound are coloured at all, so that luma is not computed of all of them.
    """
    first, width = _NO_COLOUR
    blue, red = (ybr[..., band] - np.uint8(first) > width for band in (1, 2))
    coloured = blue | red
    if coloured.any():
        rgb = convert_color_space(ybr[coloured][None], "YBR_FULL", "RGB")
        grey[coloured] = rgb_to_grey(np.ascontiguousarray(rgb))[0]
    return grey


def _as_finite(values: NDArray[np.generic]) -> NDArray[np.float64]:
    numbers = np.asarray(values, np.float64)
    if not np.isfinite(numbers).all():
        msg = "expected finite values of a window or LUT, got others"
        raise ValueError(msg)
    return numbers
