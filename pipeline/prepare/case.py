"""One image of a data set with everything a datalist needs to know about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from numpy import bool_
from numpy.typing import NDArray

from pipeline.prepare.masks import read_foreground

Pathology = Literal["benign", "malignant", "normal", "unknown"]
"""What the image shows; `unknown` is a lesion whose kind the data set does not give."""


@dataclass(frozen=True)
class Case:
    """One image, its mask files and the facts its data set publishes.

    Attributes:
        id: unique and safe as a path, `source/name`, such as `busi/benign_001`.
        source: the data set, such as `busi`.
        group: images that must stay on one side of every split (one patient, near-copies),
            such as `busbra:1`.
        pathology: benign, malignant, normal (no lesion) or unknown (a lesion of unstated kind).
        image: the image file as published.
        masks: mask files of the lesions; the label is their union. Empty for a normal image
            without a mask file.
        read_mask: turns one mask file into a boolean array (H, W), True inside the lesion.
        birads: BI-RADS category as published, `""` if not stated.
        device: the scanner as published, `""` if not stated.
        mm_per_pixel: pixel size in mm, 0.0 if not stated.
    """

    id: str
    source: str
    group: str
    pathology: Pathology
    image: Path
    masks: tuple[Path, ...]
    read_mask: Callable[[Path], NDArray[bool_]] = read_foreground
    birads: str = ""
    device: str = ""
    mm_per_pixel: float = 0.0
