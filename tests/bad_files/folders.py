"""Links, pipes, names and copies: what only is bad because of where it is."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from bad_files.bad_file import IMAGE, BadFile
from bad_files.dicom_bytes import make_dataset, to_bytes

CLOSED = "closed"
"""A folder that a run must not be able to enter, and part of names of files it cannot open.

Permissions do not bind root: a test has to see to it.
"""

DECOY = "decoy.dcm"
"""A cine of three frames, beside a file that is called like a reference to its second one."""


def list_links() -> list[BadFile]:
    """Links, and what is neither a file nor a folder."""
    no_file = "expected a"
    return [
        BadFile("link-dead.dcm", "a link to nothing", "failed", no_file, _linking("nothing")),
        BadFile("link-self.dcm", "a link to itself", "failed", no_file, _linking("link-self.dcm")),
        BadFile("link-device.dcm", "a link to a device", "failed", no_file, _linking("/dev/zero")),
        BadFile("pipe.dcm", "a named pipe", "failed", no_file, os.mkfifo),
        BadFile(
            "link-folder",
            "a link to the folder above",
            "skipped",
            "a link to a folder, which is not followed",
            _linking(".."),
            in_run_only=True,
        ),
        BadFile(
            CLOSED,
            "a folder that may not be entered",
            "failed",
            "expected a folder that may be entered",
            lambda path: path.mkdir(),
            in_run_only=True,
        ),
        BadFile(
            f"{CLOSED}.dcm",
            "a file that may not be opened",
            "failed",
            "expected a readable file",
            _writing("closed.dcm"),
            in_run_only=True,
        ),
    ]


def list_names() -> list[BadFile]:
    """Sound files of odd names."""
    return [
        BadFile(name, what, "taken", "", _write_png, in_run_only=True)
        for name, what in {
            "line\nbreak.png": "a line break in its name",
            os.fsdecode(b"caf\xe9.png"): "a name that is no UTF-8",
            "stop#frame=2.png": "`#frame=2` in its name",
            "=1+1.png": "a name that is a formula",
        }.items()
    ] + [
        BadFile(
            "x" * 251 + ".dcm",
            "a name of 255 bytes, so that its results cannot be named",
            "taken",
            "",
            _writing("long"),
            in_run_only=True,
        ),
        BadFile(
            DECOY,
            "a cine, beside a file that is called like its second frame",
            "taken",
            "",
            _write_cine,
            in_run_only=True,
        ),
        BadFile(
            f"{DECOY}#frame=2",
            "a file that is called like the second frame of another one",
            "taken",
            "",
            _writing("decoy"),
            in_run_only=True,
        ),
    ]


def list_copies() -> list[BadFile]:
    """Files of the same *SOP Instance UID* (0008,0018); the first one of them is taken."""
    return [
        BadFile(
            "copy-1.dcm", "a file that has copies", "taken", "", _writing("copy"), in_run_only=True
        ),
        BadFile(
            "copy-2.dcm",
            "the same bytes as another file",
            "skipped",
            "the same .* as copy-1.dcm",
            _writing("copy"),
            in_run_only=True,
        ),
        BadFile(
            "copy-3.dcm",
            "the same SOPInstanceUID as another file, and other pixels",
            "taken",
            "copy-1.dcm has the same SOPInstanceUID",
            _writing("copy", IMAGE[::-1]),
            in_run_only=True,
        ),
    ]


def _linking(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def _writing(instance: str, image: np.ndarray = IMAGE) -> Callable[[Path], object]:
    """Write a sound file of a certain instance."""
    return lambda path: path.write_bytes(to_bytes(make_dataset(instance, image)))


def _write_png(path: Path) -> None:
    Image.fromarray(IMAGE).save(path, "PNG")


def _write_cine(path: Path) -> None:
    frames = np.stack([IMAGE, IMAGE[:, ::-1], IMAGE])
    path.write_bytes(to_bytes(make_dataset(path.name, frames)))
