"""From a real archive that routes by itself, over TLS, to the node and back."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from label.orthanc import PASSWORD, URL, USER, Orthanc, find_reason_to_skip, own_network
from label.tiny_bundle import draw_image, draw_mask, measure_dice, write_bundle

from node.node_process import NodeProcess, wait_for
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import make_phantom_dataset

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(find_reason_to_skip() is not None, reason=str(find_reason_to_skip())),
]

ROUTING = """
function OnStoredInstance(instance, tags, metadata, origin)
  if tags['Modality'] ~= 'SEG' and tags['Modality'] ~= 'SR' then
    SendToModality(instance, 'node')
  end
end
"""
CONFIG = """
folder = "spool"
retry_minutes = [0.02, 0.02, 0.02, 0.02, 0.02, 0.02]
[receive]
aet = "BREASTUSSEG"
silence_s = 1
disk_reserve_gib = 0
tls = {{ certificate = "cert.pem", key = "key.pem", ca = "cert.pem" }}
[web]
[[source]]
name = "archive"
aet = "ORTHANC"
addresses = ["127.0.0.1"]
[[rule]]
to = ["dimse", "web"]
[[destination]]
kind = "dicom"
name = "dimse"
aet = "ORTHANC"
host = "127.0.0.1"
port = 4242
commitment = true
tls = {{ certificate = "cert.pem", key = "key.pem", ca = "cert.pem" }}
[[destination]]
kind = "dicomweb"
name = "web"
url = "{url}"
user = "{user}"
password_file = "password"
[process]
bundle_root = "bundle"
"""


class Hospital:
    """An archive, and a node beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _make_certificate(folder)
        (folder / "password").write_text(PASSWORD)
        (folder / "routing.lua").write_text(ROUTING)
        (folder / "node.toml").write_text(CONFIG.format(url=URL, user=USER))
        write_bundle(folder / "bundle")
        self.orthanc = self.start_orthanc()
        self.node = self.start_node()

    def start_orthanc(self) -> Orthanc:
        there = {"AET": "BREASTUSSEG", "Host": "127.0.0.1", "Port": 11112, "UseDicomTls": True}
        settings = {
            "DicomAet": "ORTHANC",
            "DicomModalities": {"node": {**there, "AllowStorageCommitment": True}},
            "DicomTlsEnabled": True,
            "DicomTlsCertificate": str(self.folder / "cert.pem"),
            "DicomTlsPrivateKey": str(self.folder / "key.pem"),
            "DicomTlsTrustedCertificates": str(self.folder / "cert.pem"),
            "LuaScripts": [str(self.folder / "routing.lua")],
            "OverwriteInstances": True,
        }
        return Orthanc(self.folder / "orthanc", settings)

    def start_node(self) -> NodeProcess:
        return NodeProcess(self.folder / "node.toml", self.folder / "node.log")

    def close(self) -> None:
        self.node.kill()
        self.orthanc.close()

    def read_audit(self) -> list[dict]:
        path = self.folder / "spool" / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def count_images(self, end: str) -> int:
        return sum(sum(line["images"].values()) for line in self.read_audit() if line["end"] == end)

    def list_results(self) -> list[pydicom.Dataset]:
        found = [
            item["00080018"]["Value"][0]
            for modality in ("SEG", "SR")
            for item in self.orthanc.search(modality)
        ]
        return [self.orthanc.read(uid) for uid in found]


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )


def _make_images() -> list[pydicom.Dataset]:
    """Two stills of one study, a cine of another one, and a dark image of a third."""
    stills = [
        make_phantom_dataset(draw_image(seed=number), seed=0, instance_number=number + 1)
        for number in range(2)
    ]
    cine = make_phantom_cine(0, frames=3, shape=(48, 64)).images
    dark = np.full((60, 90), 40, np.uint8)
    images = [*stills, make_phantom_dataset(cine, seed=1), make_phantom_dataset(dark, seed=2)]
    for image in images:
        image.PatientName = "SECRET^NAME"
        image.PatientID = "SECRETID"
    return images


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with own_network():
        opened = Hospital(tmp_path_factory.mktemp("hospital"))
        yield opened
        opened.close()


def test_results_come_back_once_whatever_is_killed(hospital):
    images = _make_images()
    foreign = make_phantom_dataset(draw_image(), seed=3, instance_number=9)
    foreign.SOPClassUID = foreign.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    hospital.orthanc.store([*images, foreign])
    wait_for(lambda: any((hospital.folder / "spool" / "studies").iterdir()))
    hospital.node.kill()
    hospital.node = hospital.start_node()
    wait_for(lambda: hospital.count_images("sent") == 6)
    hospital.orthanc.store(images)  # again: nothing new comes of it

    results = hospital.list_results()
    assert Counter(result.Modality for result in results) == {"SEG": 4, "SR": 4}
    studies = {image.StudyInstanceUID for image in images}
    assert {result.StudyInstanceUID for result in results} == studies
    assert {str(result.PatientName) for result in results} == {"SECRET^NAME"}
    (first,) = [
        result
        for result in results
        if result.Modality == "SEG"
        and result.ReferencedSeriesSequence[0]
        .ReferencedInstanceSequence[0]
        .ReferencedSOPInstanceUID
        == images[0].SOPInstanceUID
    ]
    assert measure_dice(first.pixel_array.reshape(60, 90) > 0, draw_mask()) > 0.85
    destinations = [line["destinations"] for line in hospital.read_audit()]
    assert all(each == {"dimse": "stored", "web": "stored"} for each in destinations)


def test_nothing_of_a_patient_leaves_the_images(hospital):
    told = (hospital.folder / "node.log").read_text()
    spool = hospital.folder / "spool"
    told += "".join(str(path) for path in spool.rglob("*"))
    for path in (*spool.rglob("*.json"), spool / "audit.jsonl"):
        told += path.read_text()
    assert "SECRET" not in told
    for image in _make_images():
        assert str(image.StudyInstanceUID) not in told
        assert str(image.SOPInstanceUID) not in told


def test_it_stops_in_order(hospital):
    assert hospital.node.stop() == 143
    assert "Traceback" not in (hospital.folder / "node.log").read_text()
