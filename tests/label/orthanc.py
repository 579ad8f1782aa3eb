"""A real archive, Orthanc of Debian, with a login, where nobody else can reach it."""

import ctypes
import io
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pydicom
import pytest

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
HTTP, DIMSE = 8042, 4242
USER, PASSWORD = "label", "secret-of-the-archive"
URL = f"http://127.0.0.1:{HTTP}/dicom-web"

_CLONE_NEWNET = 0x40000000
_SECONDS_TO_START = 60

EMPTY: Mapping[str, str] = MappingProxyType({})


def find_reason_to_skip() -> str | None:
    """Say what is missing, `None` if nothing is."""
    if shutil.which("Orthanc") is None or not PLUGIN.is_file():
        return "needs the Debian packages orthanc and orthanc-dicomweb"
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "needs root and iproute2, to give the archive a network of its own"
    return None


@contextmanager
def own_network() -> Iterator[None]:
    """Work in a network without any other machine, as Orthanc listens on every address.

    It counts for this thread and the processes that it starts.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(_CLONE_NEWNET) != 0:
            pytest.skip(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(before, _CLONE_NEWNET)
    finally:
        os.close(before)


class OrthancClient:
    """Ask an archive in the present network.

    Args:
        user: of its login.
        password: of its login.
    """

    def __init__(self, user: str = USER, password: str = PASSWORD) -> None:
        self._user, self._password = user, password

    def search(self, modality: str) -> list[dict[str, Any]]:
        """Search for instances, by another way than our client."""
        found: list[dict[str, Any]] = json.loads(
            self.get(f"/dicom-web/instances?Modality={modality}&includefield=SeriesDescription")
        )
        return found

    def read(self, sop_instance_uid: str) -> pydicom.Dataset:
        """Read an object by Orthanc's own interface."""
        with self.ask("/tools/lookup", sop_instance_uid.encode()) as answer:
            found = json.loads(answer.read())
        return pydicom.dcmread(io.BytesIO(self.get(f"/instances/{found[0]['ID']}/file")))

    def store(self, datasets: Sequence[pydicom.Dataset]) -> None:
        """Store objects by Orthanc's own interface."""
        for dataset in datasets:
            buffer = io.BytesIO()
            pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
            self.ask("/instances", buffer.getvalue()).close()

    def get(self, path: str) -> bytes:
        with self.ask(path) as answer:
            content: bytes = answer.read()
            return content

    def ask(
        self, path: str, content: bytes | None = None, headers: Mapping[str, str] = EMPTY
    ) -> HTTPResponse:
        """Ask by HTTP, by POST if there is content."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{HTTP}{path}", content, {**headers, **self._login()}
        )
        answer: HTTPResponse = urllib.request.urlopen(request)
        return answer

    def _login(self) -> dict[str, str]:
        return {
            "Authorization": "Basic "
            + b64encode(f"{self._user}:{self._password}".encode()).decode()
        }

    def answers(self) -> bool:
        try:
            return bool(self.get("/system"))
        except (OSError, urllib.error.HTTPError):
            return False


class Orthanc(OrthancClient):
    """Start the archive in the present network.

    Args:
        folder: of its data.
        settings: further ones of its configuration.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any] = EMPTY) -> None:
        super().__init__()
        folder.mkdir(parents=True)
        config = {
            "StorageDirectory": str(folder),
            "IndexDirectory": str(folder),
            "HttpPort": HTTP,
            "DicomPort": DIMSE,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomAlwaysAllowStore": True,
            "DicomCheckCalledAet": False,
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            **settings,
        }
        (folder / "orthanc.json").write_text(json.dumps(config))
        self.log = folder / "log"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                ["Orthanc", str(folder / "orthanc.json")], stdout=log, stderr=subprocess.STDOUT
            )
        end = time.monotonic() + _SECONDS_TO_START
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self._process.kill()
                pytest.fail(f"Orthanc has not started: {self.log.read_text()}")
            time.sleep(0.2)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def send(self, datasets: Sequence[pydicom.Dataset]) -> list[int]:
        """Send images as a scanner does (C-STORE), and give the statuses."""
        from pynetdicom import AE

        entity = AE()
        for dataset in datasets:
            entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", DIMSE)
        assert association.is_established
        try:
            return [int(association.send_c_store(dataset).Status) for dataset in datasets]
        finally:
            association.release()
