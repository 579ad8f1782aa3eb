"""Read and write masks in the formats that annotation tools exchange."""

import gzip
import io
import re
import zlib
from typing import Literal

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import ReadError
from pipeline.label.label_errors import RequestError
from pipeline.prepare.masks import check_corners, decode_png, find_foreground
from pipeline.readers.nifti_axes import NiftiAxes

MaskFormat = Literal[".png", ".nrrd", ".nii", ".nii.gz"]

LARGEST_MASK_BYTES = 64 << 20
"""Bytes of an uploaded mask; one of 64 million pixels has less when compressed."""

_NRRD_TYPES = {
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("short", "int16", "int16_t", "short int"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    "float": "f4",
    "double": "f8",
}
_NRRD_SPACES = {
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1)),
}
"""Signs that turn the first two numbers of a vector to the left and to the back."""
_LONGEST_NRRD_HEADER = 64 << 10


def encode_mask(
    mask: NDArray[np.bool_], suffix: MaskFormat, *, affine: NDArray[np.float64] | None = None
) -> bytes:
    """Encode a mask.

    Args:
        mask: (H, W) bool, `True` where there is lesion.
        suffix: of the format: ``.png`` has 0 and 255, as all our masks; the others are label maps
            of 0 and 1, (W, H, 1), columns first.
        affine: (4, 4) of `read_geometry`, of the image that the mask is laid on; by default that
            of a PNG, 1 mm from pixel to pixel.

    Returns:
        The content of the file.
    """
    values = mask.astype(np.uint8)
    if suffix == ".png":
        return encode_grey(values * 255)
    affine = np.eye(4) if affine is None else affine
    if suffix == ".nrrd":
        *axes, origin = (",".join(map(repr, column)) for column in affine[:3].T.tolist())
        head = (
            "NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\n"
            f"sizes: {mask.shape[1]} {mask.shape[0]} 1\n"
            f"space directions: {' '.join(f'({axis})' for axis in axes)}\n"
            f"kinds: domain domain domain\nencoding: gzip\nspace origin: ({origin})\n\n"
        )
        return head.encode() + gzip.compress(values.tobytes(), mtime=0)
    image = nibabel.Nifti1Image(values.T[..., None], np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)
    content: bytes = image.to_bytes()
    return content if suffix == ".nii" else gzip.compress(content, mtime=0)


def encode_grey(values: NDArray[np.uint8]) -> bytes:
    """Encode grey values as PNG.

    Args:
        values: (H, W) uint8.

    Returns:
        The content of the file.
    """
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


def decode_mask(content: bytes, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Decode a mask from a client, which is not trusted.

    Args:
        content: of a PNG, NRRD or NIfTI file; what it is decides the content. Of a PNG the lesion
            is what `find_foreground` finds; of the others, which are label maps of one slice,
            whatever is not 0.
        shape: rows and columns of the image.

    Returns:
        (H, W) bool, `True` where there is lesion.

    Raises:
        RequestError: the content is too long, damaged or none of these, refers to other files, has
            another size than the image, or may be read in two ways.
    """
    if len(content) > LARGEST_MASK_BYTES:
        msg = f"expected a mask of at most {LARGEST_MASK_BYTES} bytes, got {len(content)}"
        raise RequestError(msg)
    try:
        if content.startswith(b"\x89PNG"):
            return _decode_png(content, shape)
        decode = _decode_nrrd if content.startswith(b"NRRD") else _decode_nifti
        mask = decode(content, shape)
        check_corners(mask)
        return mask
    except RequestError:
        raise
    except ReadError as error:
        raise RequestError(str(error)) from error
    except Exception as error:  # which one decoders raise depends on the damage
        msg = f"expected a mask as PNG, NRRD or NIfTI, got a file with {type(error).__name__}"
        raise RequestError(msg) from error


def _decode_png(content: bytes, shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = find_foreground(decode_png(content))
    _check_size(mask.shape, shape)
    return mask


def _decode_nrrd(content: bytes, shape: tuple[int, int]) -> NDArray[np.bool_]:
    # Own, as readers follow "data file:" to any file of this machine.
    end = re.search(rb"\r?\n\r?\n", content[:_LONGEST_NRRD_HEADER])
    if end is None:
        msg = "expected an NRRD file with its data after the header"
        raise RequestError(msg)
    fields: dict[str, str] = {}
    for line in content[: end.start()].decode("ascii").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            fields[name.strip().lower()] = value.strip().lower()
    if {"data file", "datafile", "line skip", "lineskip", "byte skip", "byteskip"} & set(fields):
        msg = "expected an NRRD file with its data right after the header"
        raise RequestError(msg)
    _check_directions(fields)
    sizes = [int(size) for size in fields["sizes"].split()]
    _check_size(_squeeze((sizes[1], sizes[0], *sizes[2:])), shape)
    order = ">" if fields.get("endian") == "big" else "<"
    dtype = np.dtype(order + _NRRD_TYPES[fields["type"]])
    wanted = shape[0] * shape[1] * dtype.itemsize
    data = content[end.end() :]
    if fields["encoding"] in ("gzip", "gz"):
        data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, wanted)
    elif fields["encoding"] != "raw":
        msg = "expected an NRRD file of encoding gzip or raw"
        raise RequestError(msg)
    values = np.frombuffer(data[:wanted], dtype)
    return np.asarray(values.reshape(shape) != 0)


def _check_directions(fields: dict[str, str]) -> None:
    """Check that the first axis points to the left and the second to the back, as in our images."""
    vectors = re.findall(r"\(([^)]*)\)", fields.get("space directions", ""))[:2]
    signs = _NRRD_SPACES.get(fields.get("space", ""), (1, 1))
    for axis, vector in enumerate(vectors):
        along = [float(value) * sign for value, sign in zip(vector.split(","), signs, strict=False)]
        if along[axis] <= 0 or abs(along[1 - axis]) > along[axis]:
            msg = "expected an NRRD file whose axes point to the left and to the back, got others"
            raise RequestError(msg)


def _decode_nifti(content: bytes, shape: tuple[int, int]) -> NDArray[np.bool_]:
    most = 1 << 20
    if content.startswith(b"\x1f\x8b"):
        most += shape[0] * shape[1] * 8
        content = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content, most)
    image = nibabel.Nifti1Image.from_bytes(content)
    axes = NiftiAxes.of(image.header)
    sizes = image.header.get_data_shape()
    seen = (sizes[1], sizes[0]) if axes.turns[0, 0] == 0 else sizes[:2]
    _check_size(_squeeze((*seen, *sizes[2:])), shape)
    values = np.asanyarray(image.dataobj).reshape(sizes[:2])
    return axes.turn((values != 0).astype(np.float32)) > 0


def _squeeze(sizes: tuple[int, ...]) -> tuple[int, ...]:
    return (*sizes[:2], *(size for size in sizes[2:] if size != 1))


def _check_size(got: tuple[int, ...], shape: tuple[int, int]) -> None:
    if got != shape:
        msg = (
            f"expected a mask of {shape[0]} rows and {shape[1]} columns as the image has, got one "
            f"of {' x '.join(map(str, got))}"
        )
        raise RequestError(msg)
