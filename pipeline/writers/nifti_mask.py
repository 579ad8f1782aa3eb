"""Masks as NIfTI, for tools that read nothing else."""

import gzip
from pathlib import Path

import nibabel
import numpy as np

from pipeline.atomic import write_atomically
from pipeline.results.result import Result
from pipeline.results.writer import Writer


class NiftiMask(Writer):
    """Write ``nifti/<path of the source>.nii.gz``: uint8, 0 or 1, at the source's size.

    The array is (W, H, 1), columns first, as ITK and MONAI write 2D images: the first axis points
    to the left (L) and the second one to the back (P). With a calibration that is the same for
    the whole frame, the voxel has that size in mm; without, its unit is unknown.

    Args:
        output_dir: the run's folder; ``nifti`` is made in it.
    """

    suffix = ".nii.gz"

    def __init__(self, output_dir: str | Path) -> None:
        self.root = Path(output_dir) / "nifti"

    def write(self, result: Result) -> None:
        """Write one mask.

        Raises:
            WriteError: the file cannot be written.
        """
        mm = result.mm_per_pixel
        down, across = mm or (1.0, 1.0)
        image = nibabel.Nifti1Image(
            result.mask.T[..., None].astype(np.uint8), np.diag([-across, -down, 1.0, 1.0])
        )
        image.header.set_xyzt_units("mm" if mm else "unknown")
        # Without the time of writing, so that the same mask gives the same bytes.
        content = gzip.compress(image.to_bytes(), mtime=0)
        write_atomically(self.locate(result.file, result.frame), content)
