"""Where the axes of a NIfTI file point, and how large its pixels are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import nibabel
import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.orientations import apply_orientation, io_orientation
from numpy.typing import NDArray

from pipeline.readers.image_source import GreyImage
from pipeline.readers.region.refuse_scale import refuse_scale

_MM = {"mm": 1.0, "meter": 1000.0, "micron": 0.001}
"""Millimetres of the units of length that NIfTI has."""
_SAME_SCALE = 0.01
"""Relative difference of two spacings that is rounding."""
_RIGHT_ANGLE = 0.01
"""Cosine of the angle of two axes that is rounding."""


@dataclass(frozen=True)
class NiftiAxes:
    """How a stored frame (W, H) is turned into a picture (H, W), see `NiftiSource` for the rules.

    Attributes:
        turns: (2, 2), of each stored axis its place, 0 columns, 1 rows, and its direction, 1 or
            -1, as `nibabel.orientations` has it.
        mm_per_pixel: mm between rows and between columns, `None` if unknown.
        remarks: what was assumed.
    """

    turns: NDArray[np.float64]
    mm_per_pixel: tuple[float, float] | None
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, header: nibabel.Nifti1Header) -> "NiftiAxes":
        """Read them from a header, of version 1 or 2."""
        affine = _read_affine(header)
        turns = np.array([[0.0, 1.0], [1.0, 1.0]])
        remarks = ["where the axes point is not known: columns run along the first one"]
        towards = turns if affine is None else io_orientation(affine)[:2]
        # Equal to `turns`: towards right and front, the identity of those who know nothing.
        if not (np.array_equal(towards, turns) or np.isnan(towards).any()):
            turns, remarks = np.stack([towards[:, 0], -towards[:, 1]], axis=1), []
        elif _is_upside_down(header):
            turns[1, 1] = -1
            remarks = ["rows are taken to be stored from the bottom, as dcm2niix does"]
        axes = cls(turns, None, tuple(remarks))
        sizes, fault = _read_sizes(header, affine)
        if sizes is not None:
            mm, (rows, columns) = axes.order(sizes), axes.order(header["dim"][1:3])
            fault = refuse_scale(mm, (int(rows), int(columns)))
            if not fault:
                return replace(axes, mm_per_pixel=mm)
        return replace(axes, remarks=(*axes.remarks, f"no mm by its spacing (pixdim): {fault}"))

    def order(self, along: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
        """Order what belongs to the stored axes as rows and columns."""
        across, down = (float(along[axis]) for axis in self.turns[:, 0].argsort())
        return down, across

    def turn(self, values: GreyImage) -> GreyImage:
        """Turn a stored frame (W, H) into a picture (H, W), rows from the top."""
        return np.ascontiguousarray(apply_orientation(values, self.turns).T)


def _read_affine(header: nibabel.Nifti1Header) -> NDArray[np.float64] | None:
    """Read where the axes point, (4, 4) towards right, front and head; `None` if not given."""
    if not header["sform_code"] and not header["qform_code"]:
        return None
    affine: NDArray[np.float64] = header.get_best_affine()
    is_sound = bool(np.isfinite(affine).all()) and abs(np.linalg.det(affine[:3, :3])) > 0
    return affine if is_sound else None


def _is_upside_down(header: nibabel.Nifti1Header) -> bool:
    """Return whether dcm2niix has turned the rows over, by the origin at the last of them."""
    across, down, rows = header["srow_x"], header["srow_y"], int(header["dim"][2])
    is_upright = rows < 2 or across[0] <= 0 or down[1] <= 0 or across[3] != 0
    return not is_upright and bool(np.isclose(down[3], (1 - rows) * down[1]))


def _read_sizes(
    header: nibabel.Nifti1Header, affine: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64] | None, str]:
    """Read the size of a pixel along the stored axes in mm; `None` and the reason if not given."""
    unit = _MM.get(header.get_xyzt_units()[0])
    spacing = np.abs(np.asarray(header["pixdim"][1:3], dtype=np.float64))
    if unit is None:
        return None, "it has no unit of length"
    if affine is not None and not np.allclose(voxel_sizes(affine)[:2], spacing, rtol=_SAME_SCALE):
        return None, "it is not that of the orientation"
    if affine is not None and _are_sheared(affine):
        return None, "rows and columns are not at right angles"
    if np.array_equal(spacing, [1, 1]):  # of any unit
        return None, "1 x 1 stands for a size that is not known"
    return spacing * unit, ""


def _are_sheared(affine: NDArray[np.float64]) -> bool:
    across, down = (affine[:3, axis] / np.linalg.norm(affine[:3, axis]) for axis in (0, 1))
    return bool(abs(across @ down) > _RIGHT_ANGLE)
