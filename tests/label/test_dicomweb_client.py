"""Answers of archives, whole and damaged, cut into parts of every length."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from label.label_server import needs_label
from pipeline.label import dicomweb_client as module
from pipeline.label.dicomweb_client import DicomwebClient, Instance
from pipeline.label.label_errors import ArchiveError

pytestmark = needs_label  # the packages of the extra are what is needed

CONTENT = bytes(range(256)) * 3 + b"\r\n--near"
"""Of the file; its end looks like a delimiter."""
HEAD = b"--near-by\r\nContent-Type: application/dicom\r\n\r\n"
WHOLE = HEAD + CONTENT + b"\r\n--near-by--\r\n"
TYPE = 'multipart/related; type="application/dicom"; boundary="near-by"'
INSTANCE = Instance("1.2", "1.2.3", "1.2.3.4")


class Session:
    """Gives one answer, and remembers what was asked."""

    def __init__(self, body: bytes, length: int, content_type: str, status: int) -> None:
        self.parts = [body[start : start + length] for start in range(0, len(body), length)]
        self.headers = {"Content-Type": content_type}
        self.status = status
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def get(self, url: str, **options: Any) -> "Session":
        self.asked.append((url, options))
        return self

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""

    def raise_for_status(self) -> None:
        import requests

        if self.status != 200:
            response = requests.Response()
            response.status_code = self.status
            raise requests.HTTPError("with a URL in it", response=response)

    def iter_content(self, _: int) -> Iterator[bytes]:
        return iter(self.parts)


def _fetch(
    path: Path, body: bytes = WHOLE, *, length: int = 100, type_: str = TYPE, status: int = 200
) -> Session:
    client = DicomwebClient("http://archive.example/dicom-web/")
    session = Session(body, length, type_, status)
    client.session = session
    client.fetch(INSTANCE, path)
    return session


@pytest.mark.parametrize("length", [1, 2, 7, 46, 47, 48, 100, 10_000])
def test_content_comes_out_whole(tmp_path, length):
    _fetch(tmp_path / "x.dcm", length=length)
    assert (tmp_path / "x.dcm").read_bytes() == CONTENT


def test_file_is_asked_for_as_it_is_stored(tmp_path):
    ((url, options),) = _fetch(tmp_path / "x.dcm").asked
    assert url == "http://archive.example/dicom-web/studies/1.2/series/1.2.3/instances/1.2.3.4"
    assert "transfer-syntax=*" in options["headers"]["Accept"]


@pytest.mark.parametrize(
    ("body", "type_", "reason"),
    [
        (WHOLE[:-20], TYPE, "whole file"),
        (HEAD, TYPE, "whole file"),
        (b"", TYPE, "one DICOM file"),
        (b"x" * 100_000, TYPE, "one DICOM file"),
        (WHOLE, "application/dicom", "multipart"),
    ],
)
def test_damaged_answer_leaves_no_file(tmp_path, body, type_, reason):
    with pytest.raises(ArchiveError, match=reason):
        _fetch(tmp_path / "x.dcm", body, type_=type_)
    assert list(tmp_path.iterdir()) == []


def test_too_long_an_answer_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_DOWNLOAD_BYTES", 500)
    with pytest.raises(ArchiveError, match="at most 500 bytes"):
        _fetch(tmp_path / "x.dcm")
    assert list(tmp_path.iterdir()) == []


def test_refusal_is_reported_without_its_url(tmp_path):
    with pytest.raises(ArchiveError, match="refused with status 403") as caught:
        _fetch(tmp_path / "x.dcm", status=403)
    assert "URL" not in str(caught.value)
