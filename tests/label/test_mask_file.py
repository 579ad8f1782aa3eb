"""Masks of 4 x 6 pixels, one corner set, so that each turn and mirroring shows."""

import gzip
import io

import nibabel
import numpy as np
import pytest
from PIL import Image

from pipeline.label.label_errors import RequestError
from pipeline.label.mask_file import decode_mask, encode_mask

MASK = np.zeros((4, 6), bool)
MASK[0, 3:] = MASK[1, 5] = True

AFFINE = np.array([[0.1, 0, 0, 5], [0, 0, 1, 6], [0, -0.2, 0, 7], [0, 0, 0, 1.0]])
"""Along a row 0.1 mm to the left, along a column 0.2 mm to the feet."""


def _make_nrrd(head: str, data: bytes = b"") -> bytes:
    return f"NRRD0004\n{head}\n\n".encode() + data


class TestEncode:
    def test_png_is_white_where_there_is_lesion(self):
        with Image.open(io.BytesIO(encode_mask(MASK, ".png"))) as image:
            assert image.mode == "L"
            assert np.array_equal(np.asarray(image), np.where(MASK, 255, 0))

    @pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
    def test_nifti_has_columns_first_and_ones(self, suffix):
        content = encode_mask(MASK, suffix, affine=AFFINE)
        plain = gzip.decompress(content) if suffix == ".nii.gz" else content
        image = nibabel.Nifti1Image.from_bytes(plain)
        values = np.asanyarray(image.dataobj)
        assert values.dtype == np.uint8
        assert np.array_equal(values[:, :, 0], MASK.T)
        # Towards right and front, where the argument is towards left and back.
        assert np.allclose(image.affine, np.diag([-1, -1, 1, 1]) @ AFFINE)

    def test_nrrd_has_columns_as_its_fastest_axis(self):
        head, _, data = encode_mask(MASK, ".nrrd", affine=AFFINE).partition(b"\n\n")
        lines = head.decode().splitlines()
        assert {"sizes: 6 4 1", "type: uint8", "space: left-posterior-superior"} <= set(lines)
        assert "space directions: (0.1,0.0,0.0) (0.0,0.0,-0.2) (0.0,1.0,0.0)" in lines
        assert "space origin: (5.0,6.0,7.0)" in lines
        assert gzip.decompress(data) == MASK.astype(np.uint8).tobytes()

    def test_pixels_have_a_side_of_1_by_default(self):
        assert b"space directions: (1.0,0.0,0.0) (0.0,1.0,0.0)" in encode_mask(MASK, ".nrrd")
        image = nibabel.Nifti1Image.from_bytes(encode_mask(MASK, ".nii"))
        assert np.array_equal(image.affine, np.diag([-1, -1, 1, 1]))

    def test_same_mask_gives_the_same_bytes(self):
        for suffix in (".png", ".nrrd", ".nii.gz"):
            assert encode_mask(MASK, suffix) == encode_mask(MASK, suffix)


class TestDecode:
    @pytest.mark.parametrize("suffix", [".png", ".nrrd", ".nii", ".nii.gz"])
    def test_what_was_encoded_comes_back(self, suffix):
        assert np.array_equal(decode_mask(encode_mask(MASK, suffix), MASK.shape), MASK)

    def test_png_of_ones_is_a_mask_too(self):
        buffer = io.BytesIO()
        Image.fromarray(MASK.astype(np.uint8)).save(buffer, "PNG")
        assert np.array_equal(decode_mask(buffer.getvalue(), MASK.shape), MASK)

    def test_nrrd_of_big_endian_shorts_of_two_axes(self):
        head = "type: short\ndimension: 2\nsizes: 6 4\nendian: big\nencoding: raw"
        content = _make_nrrd(head, MASK.astype(">i2").tobytes())
        assert np.array_equal(decode_mask(content, MASK.shape), MASK)

    @pytest.mark.parametrize("suffix", [".png", ".nrrd", ".nii.gz"])
    def test_turned_mask_is_refused(self, suffix):
        with pytest.raises(RequestError, match="4 rows and 6 columns"):
            decode_mask(encode_mask(MASK.T, suffix), MASK.shape)

    def test_nrrd_that_points_to_a_file_is_refused(self):
        head = "type: uint8\ndimension: 2\nsizes: 6 4\nencoding: raw\ndata file: /etc/passwd"
        with pytest.raises(RequestError, match="right after the header"):
            decode_mask(_make_nrrd(head), MASK.shape)

    @pytest.mark.parametrize("form", ["colour", "alpha", "turned"])
    def test_png_shows_what_a_viewer_shows(self, form):
        buffer = io.BytesIO()
        lesion = MASK * np.uint8(255)
        exif = Image.Exif()
        if form == "colour":
            image = Image.fromarray(np.dstack([lesion, 0 * lesion, 0 * lesion]))
        elif form == "alpha":
            image = Image.fromarray(np.dstack([0 * lesion] * 3 + [lesion]))
        else:
            exif[274] = 6
            image = Image.fromarray(np.ascontiguousarray(np.rot90(lesion)))
        image.save(buffer, "PNG", exif=exif)
        assert np.array_equal(decode_mask(buffer.getvalue(), MASK.shape), MASK)

    @pytest.mark.parametrize("suffix", [".png", ".nrrd", ".nii.gz"])
    def test_lesion_in_all_corners_is_refused(self, suffix):
        with pytest.raises(RequestError, match="four corners are lesion"):
            decode_mask(encode_mask(np.ones_like(MASK), suffix), MASK.shape)

    @pytest.mark.parametrize(
        ("signs", "stored"),
        [
            ((-1, -1), MASK.T),
            ((1, -1), MASK[:, ::-1].T),
            ((-1, 1), MASK[::-1].T),
        ],
    )
    def test_nifti_is_turned_by_its_axes(self, signs, stored):
        image = nibabel.Nifti1Image(stored[..., None].astype(np.uint8), np.diag([*signs, 1, 1]))
        assert np.array_equal(decode_mask(image.to_bytes(), MASK.shape), MASK)

    @pytest.mark.parametrize(
        ("space", "directions", "is_ours"),
        [
            ("left-posterior-superior", "(0.1,0,0) (0,0.2,0) (0,0,1)", True),
            ("LPS", "(0.1,0,0) (0,0.2,0) (0,0,1)", True),
            ("right-anterior-superior", "(-0.1,0,0) (0,-0.2,0) (0,0,1)", True),
            ("left-posterior-superior", "(-0.1,0,0) (0,0.2,0) (0,0,1)", False),
            ("left-posterior-superior", "(0.1,0,0) (0,-0.2,0) (0,0,1)", False),
            ("left-posterior-superior", "(0,0.1,0) (0.2,0,0) (0,0,1)", False),
            ("right-anterior-superior", "(0.1,0,0) (0,0.2,0) (0,0,1)", False),
        ],
    )
    def test_nrrd_of_other_axes_is_refused(self, space, directions, is_ours):
        head = (
            f"type: uint8\ndimension: 3\nspace: {space}\nsizes: 6 4 1\n"
            f"space directions: {directions}\nencoding: raw"
        )
        content = _make_nrrd(head, MASK.astype(np.uint8).tobytes())
        if is_ours:
            assert np.array_equal(decode_mask(content, MASK.shape), MASK)
            return
        with pytest.raises(RequestError, match="to the left and to the back"):
            decode_mask(content, MASK.shape)

    def test_claimed_size_is_not_allocated(self):
        head = "type: uint8\ndimension: 3\nsizes: 6 4 2000000000\nencoding: gzip"
        with pytest.raises(RequestError, match="4 rows and 6 columns"):
            decode_mask(_make_nrrd(head, gzip.compress(b"")), MASK.shape)

    def test_inflated_data_beyond_the_image_is_left_alone(self):
        head = "type: uint8\ndimension: 2\nsizes: 6 4\nencoding: gzip"
        data = gzip.compress(MASK.astype(np.uint8).tobytes() + bytes(50_000_000))
        assert np.array_equal(decode_mask(_make_nrrd(head, data), MASK.shape), MASK)

    @pytest.mark.parametrize(
        "content", [b"", b"NRRD0004\n", b"\x89PNG\r\n", b"\x1f\x8b\x08", b"text"]
    )
    def test_damage_is_reported(self, content):
        with pytest.raises(RequestError, match="expected"):
            decode_mask(content, MASK.shape)

    @pytest.mark.parametrize("suffix", [".png", ".nrrd", ".nii.gz"])
    def test_half_a_file_is_reported(self, suffix):
        content = encode_mask(np.random.default_rng(0).random((40, 60)) > 0.5, suffix)
        with pytest.raises(RequestError):
            decode_mask(content[: len(content) // 2], (40, 60))
