"""A client of a DICOMweb archive, PS3.18, with limits."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from pydicom import Dataset
from pydicom.uid import UID

from pipeline.atomic import open_atomically
from pipeline.errors import ConfigError
from pipeline.label.label_errors import ArchiveError

USER_VARIABLE, PASSWORD_VARIABLE = "MONAI_LABEL_DICOMWEB_USERNAME", "MONAI_LABEL_DICOMWEB_PASSWORD"
"""Where the login is from: the command line can be read by others."""

LARGEST_DOWNLOAD_BYTES = 2 << 30
"""Bytes of an instance that is fetched."""

_SECONDS = (5.0, 60.0)
"""To connect, and between two parts of an answer."""
_PER_PAGE = 500
_LARGEST_PART_HEAD = 16 << 10
_CHUNK = 1 << 20


class Instance(NamedTuple):
    """The three UIDs that name an object."""

    study: str
    series: str
    sop: str


class DicomwebClient:
    """Search, fetch and store.

    Args:
        url: of the service, as ``http://127.0.0.1:8042/dicom-web``.

    Raises:
        ConfigError: the packages of the extra `label` are missing.
    """

    def __init__(self, url: str) -> None:
        try:
            import requests
            from dicomweb_client import DICOMwebClient
        except ImportError as error:
            msg = f"expected the packages of the extra 'label', {error.name} is missing"
            raise ConfigError(msg) from error
        self.url = url.rstrip("/")
        self.session = requests.Session()
        user, password = os.environ.get(USER_VARIABLE), os.environ.get(PASSWORD_VARIABLE)
        if user and password:
            self.session.auth = (user, password)
        self._client = DICOMwebClient(self.url, session=self.session, timeout=_SECONDS)
        # It would retry for minutes, while a person waits who can try again.
        self._client.set_http_retry_params(retry=False)

    def search(
        self, modality: str, fields: Sequence[str]
    ) -> list[tuple[Instance, Mapping[str, Any]]]:
        """Search for instances (QIDO-RS, PS3.18 section 10.6).

        Args:
            modality: *Modality* (0008,0060).
            fields: keywords of attributes that are wanted.

        Returns:
            UIDs and DICOM JSON of each, in the archive's order; those without valid UIDs are left
            out.

        Raises:
            ArchiveError: the archive does not answer.
        """
        found: dict[str, tuple[Instance, Mapping[str, Any]]] = {}
        while True:
            with _explaining("search"):
                page = self._client.search_for_instances(
                    search_filters={"Modality": modality},
                    fields=list(fields),
                    limit=_PER_PAGE,
                    offset=len(found),
                )
            fresh = [entry for item in page if (entry := _read_instance(item)) is not None]
            before = len(found)
            found |= {instance.sop: (instance, item) for instance, item in fresh}
            # An archive that knows no pages sends the same again.
            if len(page) < _PER_PAGE or len(found) == before:
                return list(found.values())

    def fetch(self, instance: Instance, path: Path) -> None:
        """Fetch an instance as the archive has it, in its own transfer syntax (WADO-RS).

        Archives without a decoder fail where another syntax is asked for, as by default.

        Raises:
            ArchiveError: the archive does not answer, or sends too much or no DICOM.
        """
        parts = (instance.study, instance.series, instance.sop)
        study, series, sop = (quote(uid, safe="") for uid in parts)
        url = f"{self.url}/studies/{study}/series/{series}/instances/{sop}"
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        with (
            _explaining("fetch"),
            self.session.get(
                url, headers={"Accept": accept}, stream=True, timeout=_SECONDS
            ) as answer,
        ):
            answer.raise_for_status()
            boundary = _find_boundary(answer.headers.get("Content-Type", ""))
            chunks = answer.iter_content(_CHUNK)
            with open_atomically(path) as file:
                for chunk in _only_part(chunks, boundary):
                    file.write(chunk)

    def store(self, built: Dataset) -> None:
        """Store an object (STOW-RS, PS3.18 section 10.5).

        Raises:
            ArchiveError: the archive does not answer, or refuses the object.
        """
        with _explaining("store"):
            answer = self._client.store_instances([built])
        if answer.get("FailedSOPSequence"):
            msg = "expected the archive to store an object, it has refused that"
            raise ArchiveError(msg)


def read_value(item: Mapping[str, Any], tag: str) -> Any:
    """Read the first value of an attribute of DICOM JSON.

    Args:
        item: of `DicomwebClient.search`.
        tag: eight hexadecimal digits.

    Returns:
        The value, `None` if there is none.
    """
    values = item.get(tag, {}).get("Value") or [None]
    return values[0]


def _read_instance(item: Mapping[str, Any]) -> tuple[Instance, Mapping[str, Any]] | None:
    uids = [str(read_value(item, tag)) for tag in ("0020000D", "0020000E", "00080018")]
    if not all(UID(uid).is_valid for uid in uids):
        return None
    return Instance(*uids), item


@contextmanager
def _explaining(action: str) -> Iterator[None]:
    """Say what failed, but not the URL: it has UIDs, and may have more."""
    import requests

    try:
        yield
    except requests.HTTPError as error:
        status = "" if error.response is None else f" with status {error.response.status_code}"
        msg = f"expected the archive to {action}, it has refused{status}"
        raise ArchiveError(msg) from error
    except (requests.RequestException, ValueError, KeyError) as error:
        msg = f"expected the archive to {action}, got {type(error).__name__}: is it running?"
        raise ArchiveError(msg) from error


def _find_boundary(content_type: str) -> bytes:
    for part in content_type.split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "boundary":
            return value.strip('"').encode("ascii")
    msg = "expected a multipart answer of the archive, got another"
    raise ArchiveError(msg)


def _only_part(chunks: Iterator[bytes], boundary: bytes) -> Iterator[bytes]:
    """Yield the content of the only part, without looking at it."""
    head = b""
    for chunk in chunks:
        head += chunk
        if b"\r\n\r\n" in head or len(head) > _LARGEST_PART_HEAD:
            break
    opening, _, held = head.partition(b"\r\n\r\n")
    if b"--" + boundary not in opening or len(opening) > _LARGEST_PART_HEAD:
        msg = "expected one DICOM file of the archive, got something else"
        raise ArchiveError(msg)
    # The possible closing delimiter is held back: CR LF, two dashes before and after.
    length, total = len(boundary) + 8, 0
    for chunk in chunks:
        held += chunk
        total += len(held) - length
        if total > LARGEST_DOWNLOAD_BYTES:
            msg = f"expected a file of at most {LARGEST_DOWNLOAD_BYTES} bytes of the archive"
            raise ArchiveError(msg)
        yield held[:-length]
        held = held[-length:]
    end = held.rfind(b"\r\n--" + boundary)
    if end < 0:
        msg = "expected the whole file of the archive, got a part of it: try again"
        raise ArchiveError(msg)
    yield held[:end]
