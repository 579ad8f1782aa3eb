"""Stored values of DICOM as those of 8 bits, and in the order of bytes that pydicom reads."""

import numpy as np
from numpy.typing import NDArray


def to_8_bit(values: NDArray[np.generic], bits: int) -> NDArray[np.float32]:
    """Scale 0..2^bits - 1 to 0..255; 8 bits stay untouched."""
    scaled = values.astype(np.float32)
    return scaled if bits == 8 else np.clip(scaled * np.float32(255.0 / (2**bits - 1)), 0, 255)


def swap_words(content: bytes) -> bytes:
    """Swap the bytes of words in big endian, which pydicom 3.0 takes as they are."""
    words = np.frombuffer(content[: len(content) // 2 * 2], ">u2")
    return words.astype("<u2").tobytes()
