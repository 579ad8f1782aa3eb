"""Files that are no DICOM: PNG, JPEG, BMP, TIFF and NIfTI that are bad, and other formats."""

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from PIL import Image, PngImagePlugin

from bad_files.bad_file import IMAGE, SECRET, BadFile

MEGABYTE = 1 << 20
PNG_SIGNATURE_BYTES, IHDR_BYTES = 8, 25
TIFF_PAGES = 30_000
DAMAGED = "expected a whole {} file"
TOO_LARGE = "expected a frame of 1 to 64000000 pixels"


def list_other_content() -> list[BadFile]:
    """Files that are no image at all, or one with the name of another."""
    no_image = "not an image"
    return [
        BadFile("empty.dcm", "empty", "failed", "empty file", lambda path: path.write_bytes(b"")),
        BadFile("random.dcm", "random bytes", "skipped", no_image, _write_random),
        BadFile(
            "text.dcm",
            "text",
            "skipped",
            no_image,
            lambda path: path.write_text(f"{SECRET}^PATIENT, in some words"),
        ),
        BadFile("archive.dcm", "a ZIP archive", "skipped", no_image, _write_zip),
        BadFile(
            "animated.gif", "an animated GIF", "skipped", no_image, _saving("GIF", **_ANIMATED)
        ),
        BadFile("png-inside.dcm", "a PNG, which its content decides", "taken", "", _saving("PNG")),
        BadFile("png-dicm.png", "a PNG with `DICM` at 128", "failed", "DICOM", _write_png_dicm),
        BadFile(
            "bomb.gz", "gzip of 300 MB of zeros", "skipped", no_image, _write_gzip, is_heavy=True
        ),
        BadFile("cut.nii", "NIfTI, half of it", "failed", "", _cutting_nifti(0.5)),
        BadFile(
            "cut-header.nii", "NIfTI, its header only", "failed", "", _cutting_nifti(352 / 24928)
        ),
    ]


def list_rasters() -> list[BadFile]:
    """PNG, JPEG, BMP and TIFF files."""
    kinds = [
        BadFile(
            f"cut-{form.lower()}.{form.lower()}",
            f"{form}, half of it",
            "failed",
            DAMAGED.format(form),
            _changing(form, lambda content: content[: len(content) // 2]),
        )
        for form in ("PNG", "JPEG", "BMP", "TIFF")
    ]
    return [
        *kinds,
        BadFile("huge.png", "claims 60000 x 60000 px", "failed", TOO_LARGE, _write_huge_png),
        BadFile("huge.jpg", "claims 65535 x 65535 px", "failed", TOO_LARGE, _write_huge_jpeg),
        BadFile("huge.bmp", "claims 60000 x 60000 px", "failed", TOO_LARGE, _write_huge_bmp),
        BadFile(
            "text-bomb.png",
            "text of 200 MB, compressed",
            "failed",
            "more than 1 MiB of text",
            lambda path: _write_png(path, [(b"zTXt", b"Comment\0\0" + _deflate(200))]),
            is_heavy=True,
        ),
        BadFile(
            "profile-bomb.png",
            "a colour profile of 200 MB, compressed",
            "failed",
            "more than 1 MiB of text",
            lambda path: _write_png(path, [(b"iCCP", b"Name\0\0" + _deflate(200))]),
            is_heavy=True,
        ),
        BadFile(
            "pixel-bomb.png",
            "pixels of 200 MB, compressed, for an image of 6 kB",
            "taken",
            "",
            lambda path: _write_png(path, [(b"IDAT", _deflate(200))], pixels=False),
            is_heavy=True,
            shows_phantom=False,
        ),
        BadFile(
            "animated.png",
            "an animated PNG, of which the first image is taken",
            "taken",
            "",
            _saving("PNG", **_ANIMATED),
        ),
        BadFile("cmyk.jpg", "CMYK", "taken", "", _saving("JPEG", "CMYK", quality=95)),
        BadFile("float.tif", "floating point", "failed", "floating point", _saving("TIFF", "F")),
        BadFile("loop.tif", "its first page follows itself", "taken", "", _write_tiff_loop),
        BadFile("pages.tif", "30000 pages", "failed", "", _write_tiff_pages, is_heavy=True),
    ]


_ANIMATED: dict[str, Any] = {
    "save_all": True,
    "append_images": [Image.fromarray(IMAGE[::-1].copy())],
}


def _encode(form: str, mode: str = "L", **options: Any) -> bytes:
    """Encode the phantom, with a name of a patient wherever the format has a place for it."""
    image = Image.fromarray(IMAGE)
    if form == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", f"{SECRET}^PATIENT")
    elif form == "JPEG":
        options["comment"] = f"{SECRET}^PATIENT"
    elif form == "TIFF":
        options["tiffinfo"] = {270: f"{SECRET}^PATIENT"}
    image = image.convert("RGB").convert(mode) if mode == "CMYK" else image.convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _saving(form: str, mode: str = "L", **options: Any) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(_encode(form, mode, **options))


def _changing(form: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(_encode(form)))


def _write_random(path: Path) -> None:
    path.write_bytes(random.Random(path.name).randbytes(4096))


def _write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{SECRET}.txt"), SECRET)


def _write_gzip(path: Path) -> None:
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        for _ in range(300):
            file.write(bytes(MEGABYTE))


def _cutting_nifti(share: float) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        header = nibabel.Nifti1Header()
        header["descrip"] = f"{SECRET} PATIENT".encode()
        content = nibabel.Nifti1Image(IMAGE.T.astype(np.float32), np.eye(4), header).to_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return write


def _deflate(megabytes: int) -> bytes:
    deflater = zlib.compressobj(9)
    zeros = bytes(MEGABYTE)
    return b"".join(deflater.compress(zeros) for _ in range(megabytes)) + deflater.flush()


def _encode_chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">L", zlib.crc32(kind + content))
    return struct.pack(">L", len(content)) + kind + content + check


def _write_png(path: Path, chunks: list[tuple[bytes, bytes]], *, pixels: bool = True) -> None:
    """Write a PNG with chunks before its pixels, or instead of them."""
    content = _encode("PNG")
    head = PNG_SIGNATURE_BYTES + IHDR_BYTES
    end = len(_encode_chunk(b"IEND", b""))
    added = b"".join(_encode_chunk(*chunk) for chunk in chunks)
    path.write_bytes(content[:head] + added + (content[head:] if pixels else content[-end:]))


def _write_png_dicm(path: Path) -> None:
    start = PNG_SIGNATURE_BYTES + IHDR_BYTES + 8
    text = b"Comment\0".ljust(128 - start, b".") + b"DICM" + SECRET.encode()
    _write_png(path, [(b"tEXt", text)])


def _write_huge_png(path: Path) -> None:
    content = _encode("PNG")
    size = struct.pack(">LL", 60_000, 60_000)
    head = PNG_SIGNATURE_BYTES + IHDR_BYTES
    chunk = _encode_chunk(b"IHDR", size + content[PNG_SIGNATURE_BYTES + 16 : head - 4])
    path.write_bytes(content[:PNG_SIGNATURE_BYTES] + chunk + content[head:])


def _write_huge_jpeg(path: Path) -> None:
    content = _encode("JPEG")
    size = content.index(b"\xff\xc0") + 5
    path.write_bytes(content[:size] + b"\xff" * 4 + content[size + 4 :])


def _write_huge_bmp(path: Path) -> None:
    content = _encode("BMP")
    path.write_bytes(content[:18] + struct.pack("<ll", 60_000, 60_000) + content[26:])


def _read_directory(content: bytes) -> tuple[int, bytes]:
    """Find the first directory of a little-endian TIFF, and its bytes before the next offset."""
    start = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[start : start + 2], "little")
    return start, content[start : start + 2 + 12 * count]


def _write_tiff_loop(path: Path) -> None:
    content = _encode("TIFF")
    start, directory = _read_directory(content)
    end = start + len(directory)
    path.write_bytes(content[:end] + struct.pack("<L", start) + content[end + 4 :])


def _write_tiff_pages(path: Path) -> None:
    """Write a directory for each page, all of the same pixels."""
    content = _encode("TIFF")
    _, directory = _read_directory(content)
    size = len(directory) + 4
    first = len(content)
    offsets = [first + page * size for page in range(1, TIFF_PAGES)]
    pages = b"".join(directory + struct.pack("<L", offset) for offset in [*offsets, 0])
    path.write_bytes(content[:4] + struct.pack("<L", first) + content[8:] + pages)
