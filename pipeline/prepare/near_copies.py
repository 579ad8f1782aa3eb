"""Near-copies of images, found by perceptual hashing."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.errors import ConfigError, ReadError
from pipeline.prepare.extras import import_extra
from pipeline.readers.ultrasound_reader import UltrasoundReader

MAX_DISTANCE = 8
"""Greatest number of differing bits, of 64, at which two images count as near-copies.

At 8, 175 of 207 known pairs of BUSI are found; up to 8 no two images of BUS-BRA, which has no
copies, are grouped, at 10 some are.
"""

_BITS = 64
_ROWS_AT_ONCE = 1024


def find_near_copies(
    paths: Sequence[Path], *, max_distance: int = MAX_DISTANCE
) -> tuple[list[list[Path]], dict[Path, str]]:
    """Group images whose pHash is alike, directly or through images between them.

    Of a file with several frames only the first is compared.

    Args:
        paths: image files, DICOM or raster.
        max_distance: greatest number of differing bits, 0 to 63.

    Returns:
        Groups of two files or more in the order of `paths`, and why a file could not be read.

    Raises:
        ConfigError: `max_distance` is out of its range, or imagehash is not installed.
    """
    if not 0 <= max_distance < _BITS:
        msg = f"expected a distance of 0 to {_BITS - 1} bits, got {max_distance}"
        raise ConfigError(msg)
    imagehash = import_extra("imagehash")
    reader = UltrasoundReader()
    hashes: list[NDArray[np.bool_]] = []
    readable: list[Path] = []
    failures: dict[Path, str] = {}
    for path in paths:
        try:
            grey = reader.open(path).read(0)
        except ReadError as error:
            failures[path] = str(error)
        else:
            image = Image.fromarray(grey.round().astype(np.uint8))
            hashes.append(imagehash.phash(image).hash.ravel())
            readable.append(path)
    if not hashes:
        return [], failures
    members: dict[int, list[Path]] = defaultdict(list)
    for path, number in zip(readable, _link_hashes(np.array(hashes), max_distance), strict=True):
        members[number].append(path)
    return [group for group in members.values() if len(group) > 1], failures


def _link_hashes(hashes: NDArray[np.bool_], max_distance: int) -> list[int]:
    """Number the connected components of hashes (N, 64) at most `max_distance` bits apart."""
    signs = np.where(hashes, 1, -1).astype(np.float32)
    pairs = []
    for start in range(0, len(signs), _ROWS_AT_ONCE):
        # Of 64 signs, a product of 64 - 2d means d that differ; exact in float32.
        distances = (_BITS - signs[start : start + _ROWS_AT_ONCE] @ signs.T) / 2
        rows, columns = np.nonzero(distances <= max_distance)
        pairs.append(np.stack([rows + start, columns]))
    rows, columns = np.concatenate(pairs, axis=1)
    links = coo_array((np.ones(len(rows), dtype=np.bool_), (rows, columns)), (len(signs),) * 2)
    _, numbers = connected_components(links, directed=False)
    return [int(number) for number in numbers]
