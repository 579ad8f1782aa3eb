"""NIfTI files written by nibabel, whose affines are those that other tools write.

Image: the orientation phantom, 48 rows x 80 columns, that no mirroring or transposition leaves
unchanged. A file stores it as (W, H), the first axis along the columns.
"""

import contextlib
import gzip
import struct
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from orientation_phantom import make_orientation_phantom

from pipeline.errors import ReadError, SkippedError
from pipeline.readers import nifti_source
from pipeline.readers.nifti_source import NiftiSource
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin

ROWS, COLUMNS = 48, 80
IMAGE, _ = make_orientation_phantom(ROWS, COLUMNS)
STORED = IMAGE.T.copy()
CINE = np.stack([STORED, STORED[::-1], STORED[:, ::-1]], axis=-1)
ITK = np.diag([-0.2, -0.1, 1, 1])
PIXELS_AT = 352
DAMAGE = {
    "refused": {
        *range(4),  # sizeof_hdr
        *range(40, 46),  # number of axes, columns and rows
        *(70, 71),  # datatype
        *range(109, 112),  # vox_offset
        123,  # scl_inter, then infinite
        *range(344, 347),  # magic
    },
    "other": {
        *range(112, 116),  # scl_slope
        119,  # scl_inter
        *(283, 303, 315),  # signs of srow, which mirror; and one axis for another
        *range(PIXELS_AT, PIXELS_AT + 5),
    },
    # pixdim, and what makes srow another size than pixdim.
    "no mm": {82, 83, 86, 87, 282, 283, 287, 299, 302, 303, 315, 319},
}
"""What becomes of a file of which a byte is inverted; nothing if the byte is in no set."""
TIME_REMARK = "the third axis is taken for time"


def write(
    path: Path,
    values: NDArray[Any] = STORED,
    affine: NDArray[np.float64] | None = ITK,
    *,
    unit: str | None = "mm",
    kind: type = nibabel.Nifti1Image,
    **fields: Any,
) -> Path:
    image = kind(values, affine, dtype=values.dtype)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    for name, value in fields.items():  # behind nibabel's back, which makes them fit the affine
        dtype, offset = nibabel.nifti1.header_dtype.fields[name][:2]
        rewrite(path, offset, np.array(value, dtype.base).tobytes())
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "image.nii"


def read_all(path: Path) -> list[NDArray[np.float32]]:
    source = NiftiSource(path)
    return [source.read(index) for index in range(source.frames)]


def mm_of(path: Path) -> tuple[float, float] | None:
    source = NiftiSource(path)
    (region,) = source.regions(source.read(0))
    assert region.origin is RegionOrigin.WHOLE
    return region.mm_per_pixel


def rewrite(path: Path, offset: int, content: bytes) -> Path:
    data = bytearray(path.read_bytes())
    data[offset : offset + len(content)] = content
    path.write_bytes(data)
    return path


class TestShape:
    @pytest.mark.parametrize("shape", [(80, 48), (80, 48, 1), (80, 48, 1, 1), (80, 48, 1, 1, 1)])
    def test_one_image(self, shape: tuple[int, ...], path: Path) -> None:
        source = NiftiSource(write(path, STORED.reshape(shape)))
        assert (source.frames, source.size) == (1, (ROWS, COLUMNS))
        assert source.remarks == ()
        grey = source.read(0)
        assert grey.dtype == np.float32
        assert grey.flags.c_contiguous
        assert np.array_equal(grey, IMAGE)

    @pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
    @pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
    def test_versions_and_compression(self, kind: type, suffix: str, tmp_path: Path) -> None:
        (grey,) = read_all(write(tmp_path / f"image.{suffix}", kind=kind))
        assert np.array_equal(grey, IMAGE)

    @pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
    def test_third_axis_is_taken_for_time_and_said(self, suffix: str, tmp_path: Path) -> None:
        source = NiftiSource(write(tmp_path / f"image.{suffix}", CINE))
        assert source.frames == 3
        for index in (2, 0, 1):
            assert np.array_equal(source.read(index), CINE[..., index].T)
        assert source.remarks[0].startswith(TIME_REMARK)

    def test_fourth_axis_is_time(self, path: Path) -> None:
        source = NiftiSource(write(path, CINE[:, :, None]))
        assert np.array_equal(source.read(1), CINE[..., 1].T)
        assert source.remarks == ()

    @pytest.mark.parametrize("shape", [(8, 6, 4, 2), (8, 6, 1, 1, 3), (8, 6, 2, 1, 3), (8,)])
    def test_other_shapes_are_skipped(self, shape: tuple[int, ...], path: Path) -> None:
        with pytest.raises(SkippedError, match="not a 2D image"):
            NiftiSource(write(path, np.zeros(shape, np.uint8)))

    @pytest.mark.parametrize("index", [-1, 3])
    def test_no_such_frame(self, index: int, path: Path) -> None:
        with pytest.raises(ReadError, match="expected a frame from 1 to 3"):
            NiftiSource(write(path, CINE)).read(index)

    def test_no_identity(self, path: Path) -> None:
        source = NiftiSource(write(path))
        assert set(source.identity.values()) == {""}
        assert not source.may_name_patient
        assert source.format == "NIFTI"


def place(*axes: tuple[int, float], spacing: float = 0.1) -> NDArray[np.float64]:
    """Affine whose axes run along the given world axes, 0 right, 1 front and 2 up, or back."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    left = {0, 1, 2} - {axis for axis, _ in axes}
    for column, (axis, direction) in enumerate([*axes, (left.pop(), 1.0)]):
        affine[axis, column] = direction * spacing
    return affine


RIGHT, LEFT, FRONT, BACK, HEAD, FEET = (0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)


class TestAxes:
    @pytest.mark.parametrize(
        ("axes", "expected"),
        [
            ((LEFT, BACK), IMAGE),  # ITK, SimpleITK
            ((LEFT, FRONT), IMAGE[::-1]),  # dcm2niix, where DICOM tells an orientation
            ((RIGHT, BACK), IMAGE[:, ::-1]),
            ((LEFT, FEET), IMAGE),
            ((LEFT, HEAD), IMAGE[::-1]),
            ((BACK, FEET), IMAGE),
            ((FRONT, HEAD), IMAGE[::-1, ::-1]),
            ((BACK, LEFT), IMAGE.T),
            ((FRONT, LEFT), IMAGE[:, ::-1].T),
            ((BACK, RIGHT), IMAGE[::-1].T),
            ((FRONT, RIGHT), IMAGE[::-1, ::-1].T),
        ],
    )
    def test_picture_is_shown_as_a_slice_is(self, axes, expected, path: Path) -> None:
        source = NiftiSource(write(path, affine=place(*axes)))
        assert np.array_equal(source.read(0), expected)
        assert source.size == expected.shape
        assert source.remarks == ()

    def test_oblique_axes(self, path: Path) -> None:
        turn = np.deg2rad(20)
        affine = np.eye(4)
        affine[:2, :2] = [[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]]
        assert np.array_equal(read_all(write(path, affine=affine * 0.1))[0], IMAGE[::-1])

    @pytest.mark.parametrize("affine", [np.eye(4), place(RIGHT, FRONT), None])
    def test_what_is_written_if_nothing_is_known_is_read_as_stored(self, affine, path) -> None:
        source = NiftiSource(write(path, affine=affine, unit=None))
        assert np.array_equal(source.read(0), IMAGE)
        assert "where the axes point is not known" in source.remarks[0]

    def test_codes_of_nothing_hide_any_affine(self, path: Path) -> None:
        write(path, affine=place(LEFT, FRONT), sform_code=0, qform_code=0)
        assert np.array_equal(read_all(path)[0], IMAGE)

    @pytest.mark.parametrize("code", [0, 1])
    def test_ultrasound_of_dcm2niix_is_turned_back(self, code: int, path: Path) -> None:
        """As version 1.0.20260724 writes it (code 0), and one of 2017 (code 1)."""
        affine = np.eye(4)
        affine[1, 3] = 1 - ROWS
        write(path, STORED[:, ::-1], affine, sform_code=code, qform_code=code)
        source = NiftiSource(path)
        assert np.array_equal(source.read(0), IMAGE)
        assert "rows are taken to be stored from the bottom" in source.remarks[0]
        assert mm_of(path) is None

    @pytest.mark.parametrize("origin", [(0, 0), (0, (1 - ROWS) / 2), (1 - COLUMNS, 1 - ROWS)])
    def test_other_origins_mean_nothing(self, origin: tuple[float, float], path: Path) -> None:
        affine = np.eye(4)
        affine[:2, 3] = origin
        assert np.array_equal(read_all(write(path, affine=affine))[0], IMAGE)

    @pytest.mark.parametrize("row", [[0, 0, 0, 0], [np.nan, 0, 0, 0]])
    def test_affine_that_is_none(self, row: list[float], path: Path) -> None:
        source = NiftiSource(write(path, affine=place(LEFT, FRONT), srow_y=row))
        assert np.array_equal(source.read(0), IMAGE)
        assert "where the axes point is not known" in source.remarks[0]

    def test_qform_alone(self, path: Path) -> None:
        write(path, affine=place(LEFT, FRONT), sform_code=0, qform_code=1)
        assert np.array_equal(read_all(path)[0], IMAGE[::-1])


class TestValues:
    @pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", ">i2", "i4", "f4", ">f8", "i8"])
    def test_within_8_bits_nothing_changes(self, dtype: str, path: Path) -> None:
        values = (STORED // 2).astype(dtype)
        source = NiftiSource(write(path, values))
        assert np.array_equal(source.read(0), IMAGE // 2)
        assert source.remarks == ()

    @pytest.mark.parametrize(
        ("dtype", "values", "expected"),
        [
            ("u2", [0, 257, 65535], [0, 1, 255]),
            ("u2", [0, 100, 256], [0, 100 / 257, 256 / 257]),
            ("i2", [0, 0, 32767], [0, 0, 255]),
            ("i2", [-32768, 0, 32767], [0, 32768 / 257, 255]),
            ("i1", [-128, 0, 127], [0, 128, 255]),
            ("i4", [-100, 0, 300], [0, 63.75, 255]),
            ("u4", [1000, 2000, 3000], [0, 127.5, 255]),
            ("f4", [0, 0.5, 1], [0, 127.5, 255]),
            ("f8", [-1, 0, 1], [0, 127.5, 255]),
            ("f4", [100, 200, 300], [0, 127.5, 255]),
            ("f4", [300, 300, 300], [0, 0, 0]),
            ("f4", [0, 0, 0], [0, 0, 0]),
        ],
    )
    def test_other_ranges(self, dtype: str, values: list, expected: list, path: Path) -> None:
        source = NiftiSource(write(path, np.array([values, values], dtype)))
        assert source.read(0)[:, 0] == pytest.approx(expected, abs=1e-4)
        remark = "grey values" in "".join(source.remarks)
        assert remark == (values != [0, 0, 0])

    def test_all_frames_have_the_same_scale(self, path: Path) -> None:
        cine = np.stack([np.full((8, 6), value, np.float32) for value in (0, 100, 500)], axis=-1)
        assert [grey[0, 0] for grey in read_all(write(path, cine))] == pytest.approx([0, 51, 255])

    def test_slope_and_intercept(self, path: Path) -> None:
        write(path, (STORED // 2).astype(np.int16))
        rewrite(path, 112, struct.pack("<2f", 0.5, 3))
        assert np.array_equal(read_all(path)[0], (IMAGE // 2) * 0.5 + 3)

    def test_slope_of_8_bits(self, path: Path) -> None:
        rewrite(write(path), 112, struct.pack("<2f", 2, 0))
        source = NiftiSource(path)
        low, high = int(IMAGE.min()), int(IMAGE.max())
        expected = (IMAGE.astype(float) - low) / (high - low) * 255
        assert np.allclose(source.read(0), expected, atol=1e-4)

    def test_window_of_the_header(self, path: Path) -> None:
        values = np.array([[0, 100, 150, 200, 4000]] * 2, np.int16)
        source = NiftiSource(write(path, values, cal_min=100, cal_max=200))
        assert source.read(0)[:, 0] == pytest.approx([0, 0, 127.5, 255, 255])
        assert source.remarks[-1] == "grey values: from cal_min to cal_max of the header"

    def test_window_does_not_change_8_bits(self, path: Path) -> None:
        assert np.array_equal(read_all(write(path, cal_min=100, cal_max=200))[0], IMAGE)

    @pytest.mark.parametrize("names", ["RGB", "RGBA"])
    def test_colour_becomes_luma(self, names: str, path: Path) -> None:
        values = np.zeros(STORED.shape, [(name, "u1") for name in names])
        values["R"], values["G"], values["B"] = STORED, STORED // 2, 255 - STORED
        (grey,) = read_all(write(path, values))
        rgb = np.stack([IMAGE, IMAGE // 2, 255 - IMAGE], axis=-1)
        assert np.abs(grey - rgb @ [0.299, 0.587, 0.114]).max() < 0.51

    @pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
    @pytest.mark.parametrize("dtype", ["u1", "<i2", "f4"])
    def test_large_picture_is_read_in_parts(
        self, dtype: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write(tmp_path / f"image.{suffix}", CINE[:, :, None].astype(dtype))
        expected = read_all(path)
        monkeypatch.setattr(nifti_source, "_LINES", 7)
        monkeypatch.setattr(nifti_source, "LARGE_IMAGE_PX", 100)
        for image, frame in zip(read_all(path), expected, strict=True):
            assert image.dtype == np.uint8
            assert np.array_equal(image, frame)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_no_number(self, value: float, path: Path) -> None:
        values = STORED.astype(np.float32)
        values[3, 4] = value
        with pytest.raises(ReadError, match="infinite ones or NaN"):
            NiftiSource(write(path, values)).read(0)

    def test_complex_values(self, path: Path) -> None:
        with pytest.raises(ReadError, match="got other values"):
            NiftiSource(write(path, STORED.astype(np.complex64)))


class TestSize:
    @pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("meter", 1000), ("micron", 0.001)])
    def test_mm_between_rows_and_columns(self, unit: str, factor: float, path: Path) -> None:
        affine = np.diag([-0.2 / factor, -0.1 / factor, 1, 1])
        write(path, affine=affine, unit=unit)
        source = NiftiSource(path)
        region = CalibratedRegion(
            (0, 0, ROWS, COLUMNS), pytest.approx((0.1, 0.2)), RegionOrigin.WHOLE
        )
        assert source.regions(source.read(0)) == [region]

    def test_turned_axes(self, path: Path) -> None:
        affine = place(BACK, LEFT) @ np.diag([2, 3, 1, 1])
        assert mm_of(write(path, affine=affine)) == pytest.approx((0.2, 0.3))

    def test_depth_counts_along_the_rows_of_the_picture(self, path: Path) -> None:
        affine = place(BACK, LEFT) @ np.diag([9, 9, 1, 1])
        values = np.zeros((200, 60), np.uint8)
        assert mm_of(write(path, values, affine=affine)) is None
        assert mm_of(write(path, values.T, affine=affine)) == pytest.approx((0.9, 0.9))

    def test_known_unit_without_orientation(self, path: Path) -> None:
        write(path, affine=np.diag([0.2, 0.1, 1, 1]))
        assert mm_of(path) == pytest.approx((0.1, 0.2))

    def test_unknown_unit(self, path: Path) -> None:
        source = NiftiSource(write(path, unit=None))
        assert mm_of(path) is None
        assert source.remarks == ("no mm by its spacing (pixdim): it has no unit of length",)

    @pytest.mark.parametrize("affine", [np.eye(4), np.diag([-1, -1, 1, 1]), np.diag([-1, 1, 1, 1])])
    def test_one_millimetre_is_not_believed(self, affine: NDArray[np.float64], path: Path) -> None:
        assert mm_of(write(path, affine=affine)) is None
        assert NiftiSource(path).remarks[-1].endswith("stands for a size that is not known")

    @pytest.mark.parametrize(("unit", "size"), [("mm", 1), ("micron", 1), ("mm", 25.4 / 72)])
    @pytest.mark.parametrize("shape", [(20, 20), (60, 80)])
    def test_placeholders(self, unit: str, size: float, shape: tuple[int, int], path: Path) -> None:
        values = np.zeros(shape, np.uint8)
        assert mm_of(write(path, values, affine=np.diag([-size, -size, 1, 1]), unit=unit)) is None

    @pytest.mark.parametrize("mm", [(30, 30), (1e4, 1e4), (1e-5, 1e-5), (0.1, 0.9), (0.9, 0.1)])
    def test_impossible_sizes(self, mm: tuple[float, float], path: Path) -> None:
        assert mm_of(write(path, affine=np.diag([-mm[0], -mm[1], 1, 1]))) is None
        assert NiftiSource(path).remarks[-1].startswith("no mm by its spacing (pixdim): ")

    def test_header_decides(self, path: Path) -> None:
        source = NiftiSource(write(path, affine=np.diag([-0.2, -0.1, 1, 1])))
        foreseen = source.foresee_regions()
        assert list(foreseen.regions) == source.regions(source.read(0))
        assert foreseen.is_place_decided
        assert foreseen.is_scale_decided

    def test_spacing_that_contradicts_the_affine(self, path: Path) -> None:
        assert mm_of(write(path, pixdim=[1, 0.3, 0.1, 1, 1, 1, 1, 1])) is None

    def test_axes_that_are_no_right_angle_have_no_mm(self, path: Path) -> None:
        affine = ITK.copy()
        affine[0, 1] = 0.03
        source = NiftiSource(write(path, affine=affine))
        assert mm_of(path) is None
        assert "not at right angles" in source.remarks[0]

    @pytest.mark.parametrize("spacing", [0, np.nan, np.inf])
    def test_spacing_that_is_none(self, spacing: float, path: Path) -> None:
        write(path, pixdim=[1, spacing, 0.1, 1, 1, 1, 1, 1], sform_code=0, qform_code=0)
        assert mm_of(path) is None

    def test_deeper_than_a_scanner_sees(self, path: Path) -> None:
        assert mm_of(write(path, affine=np.diag([-0.2, -9, 1, 1]))) is None

    def test_unknown_code_of_a_unit(self, path: Path) -> None:
        with pytest.raises(ReadError, match="expected a sound NIfTI file"):
            NiftiSource(write(path, xyzt_units=7))


class TestDamage:
    @pytest.mark.parametrize("length", [0, 3, 100, 347])
    def test_header_that_is_cut_off(self, length: int, path: Path) -> None:
        path.write_bytes(write(path).read_bytes()[:length])
        with pytest.raises(ReadError, match="bytes of a NIfTI header"):
            NiftiSource(path)

    def test_pixels_that_are_cut_off(self, path: Path) -> None:
        path.write_bytes(write(path).read_bytes()[:-1])
        with pytest.raises(ReadError, match=r"expected 3840 bytes of pixels, got 3839: .* cut off"):
            NiftiSource(path)

    @pytest.mark.parametrize("share", [0.3, 0.8, 0.99])
    def test_compressed_file_that_is_cut_off(self, share: float, tmp_path: Path) -> None:
        path = write(
            tmp_path / "image.nii.gz", np.random.default_rng(0).integers(0, 256, (80, 48), np.uint8)
        )
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(ReadError, match="cut off"):
            NiftiSource(path).read(0)

    def test_compressed_pixels_that_end_too_early(self, tmp_path: Path) -> None:
        path = write(tmp_path / "image.nii")
        path.write_bytes(gzip.compress(path.read_bytes()[:-1]))
        with pytest.raises(ReadError, match="expected 3840 bytes of a frame, got 3839: cut off"):
            NiftiSource(path).read(0)

    def test_checksum_is_compared(self, tmp_path: Path) -> None:
        path = write(tmp_path / "image.nii")
        content = bytearray(gzip.compress(path.read_bytes()))
        content[-8] ^= 1
        path.write_bytes(content)
        with pytest.raises(ReadError, match="got a damaged one"):
            NiftiSource(path).read(0)

    def test_every_damage_ends_in_a_read_error_or_is_none(self, path: Path) -> None:
        original = write(path).read_bytes()
        found: dict[str, set[int]] = {"refused": set(), "other": set(), "no mm": set()}
        for at in range(PIXELS_AT + 5):
            path.write_bytes(original[:at] + bytes([original[at] ^ 0xFF]) + original[at + 1 :])
            try:
                source = NiftiSource(path)
                image = source.read(0)
            except ReadError:
                found["refused"].add(at)
                continue
            if source.frames != 1 or not np.array_equal(image, IMAGE):
                found["other"].add(at)
            if source.regions(image)[0].mm_per_pixel is None:
                found["no mm"].add(at)
        assert found == DAMAGE

    def test_every_damage_of_a_compressed_file_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path / "image.nii.gz")
        original = path.read_bytes()
        taken = set()
        for at in range(0, len(original), 3):
            path.write_bytes(original[:at] + bytes([original[at] ^ 0xFF]) + original[at + 1 :])
            with contextlib.suppress(ReadError):
                assert np.array_equal(read_all(path)[0], IMAGE)
                taken.add(at)
        assert taken <= {*range(4, 10)}  # time, flags of the compressor, system

    def test_pair_of_files(self, tmp_path: Path) -> None:
        write(tmp_path / "image.img", kind=nibabel.Nifti1Pair)
        with pytest.raises(ReadError, match=r"a header of a pair: convert it to \.nii"):
            NiftiSource(tmp_path / "image.hdr")

    def test_analyze(self, path: Path) -> None:
        rewrite(write(path), 344, bytes(4))
        with pytest.raises(ReadError, match="predecessor Analyze"):
            NiftiSource(path)

    @pytest.mark.parametrize("offset", [0, 100, 1e9, np.nan])
    def test_offset_of_the_pixels(self, offset: float, path: Path) -> None:
        rewrite(write(path), 108, struct.pack("<f", offset))
        with pytest.raises(ReadError):
            NiftiSource(path)

    def test_extension_is_passed_over(self, path: Path) -> None:
        image = nibabel.Nifti1Image(STORED, ITK)
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"SECRET" * 99))
        nibabel.save(image, path)
        assert np.array_equal(read_all(path)[0], IMAGE)

    @pytest.mark.parametrize("shape", [(30000, 30000), (0, 8), (-5, 8), (8, 8, 5001)])
    def test_size_that_is_claimed(self, shape: tuple[int, ...], path: Path) -> None:
        dims = [len(shape), *shape, *[1] * (7 - len(shape))]
        rewrite(write(path), 40, struct.pack("<8h", *dims))
        with pytest.raises(ReadError, match="expected"):
            NiftiSource(path)

    def test_compressed_pixels_beyond_the_limit(self, tmp_path: Path, monkeypatch) -> None:
        path = write(tmp_path / "image.nii", np.zeros((80, 48, 10), np.float64))
        path.write_bytes(gzip.compress(path.read_bytes()))
        monkeypatch.setattr(nifti_source, "_LARGEST_INFLATED_BYTES", 80 * 48 * 80)
        assert NiftiSource(path).frames == 10
        monkeypatch.setattr(nifti_source, "_LARGEST_INFLATED_BYTES", 80 * 48 * 80 - 1)
        with pytest.raises(ReadError, match="bytes of compressed pixels"):
            NiftiSource(path)

    def test_a_little_behind_compressed_pixels_is_passed_over(self, tmp_path: Path) -> None:
        content = write(tmp_path / "image.nii").read_bytes()
        (tmp_path / "image.nii.gz").write_bytes(gzip.compress(content + bytes(3 << 20), 1))
        source = NiftiSource(tmp_path / "image.nii.gz")
        assert np.array_equal(source.read(0), IMAGE)
        assert "_inflated" not in vars(source)
        assert len(source._inflated) == IMAGE.size

    def test_no_more_is_inflated_than_is_needed_to_reach_the_checksum(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = write(tmp_path / "image.nii").read_bytes()
        (tmp_path / "image.nii.gz").write_bytes(gzip.compress(content + bytes(5 << 20), 1))
        monkeypatch.setattr(nifti_source, "_LARGEST_REST_BYTES", 2 << 20)
        with pytest.raises(ReadError, match="got more than 2 MiB"):
            read_all(tmp_path / "image.nii.gz")

    @pytest.mark.parametrize("shape", [(1, 80, 48), (80, 1, 48), (80, 1, 1, 48)])
    def test_picture_along_other_axes_is_no_series_of_lines(self, shape, path: Path) -> None:
        write(path, STORED.reshape(shape))
        with pytest.raises(ReadError, match="along the first two axes"):
            NiftiSource(path)

    def test_message_does_not_quote_the_header(self, path: Path) -> None:
        rewrite(write(path), 70, struct.pack("<h", 12345))  # a type that does not exist
        with pytest.raises(ReadError) as caught:
            NiftiSource(path)
        assert "12345" not in str(caught.value)
