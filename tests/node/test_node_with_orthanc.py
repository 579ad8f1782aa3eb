"""The example: from a real archive that routes by itself, over TLS, to the node and back."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from label.orthanc import OrthancClient, find_reason_to_skip, own_network
from label.tiny_bundle import draw_image, draw_mask, measure_dice, write_bundle

from node.wait_for import wait_for
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import make_phantom_dataset

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(find_reason_to_skip() is not None, reason=str(find_reason_to_skip())),
]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "hospital"
CHANGES = {
    "retry_minutes = [1, 5, 15, 60]": "retry_minutes = [0.02, 0.02, 0.02, 0.02, 0.02, 0.02]",
    "silence_s = 30": "silence_s = 1",
    "disk_reserve_gib = 5": "disk_reserve_gib = 0",
    "[process]": '[process]\nbundle_root = "bundle"',
    'to = ["archive"]': 'to = ["archive", "web"]',
}
WEB = """
[[destination]]
kind = "dicomweb"
name = "web"
url = "http://127.0.0.1:8042/dicom-web"
user = "hospital"
password_file = "password"
"""


class Hospital:
    """The example, with a second way to its archive, and a network that sees brightness."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_bundle(folder / "bundle")
        text = (EXAMPLE / "node.toml").read_text() + WEB
        for old, new in CHANGES.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "node.toml").write_text(text)
        self.process = subprocess.Popen(
            ["bash", str(EXAMPLE / "start.sh"), str(folder)],
            env={**os.environ, "NODE": f"{sys.executable} -m pipeline.cli.main node"},
            stdout=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        folder = self.folder
        wait_for(lambda: (folder / "orthanc.d" / "users.json").exists())
        self.orthanc = OrthancClient("hospital", (folder / "password").read_text().strip())
        wait_for(self.orthanc.answers)
        wait_for(lambda: self.count_starts() == 1)

    def count_starts(self) -> int:
        log = self.folder / "node.log"
        return log.read_text().count("listens at") if log.exists() else 0

    def kill_node(self) -> None:
        """Kill it; the example starts it again."""
        before = self.count_starts()
        lock = json.loads((self.folder / "spool" / "breast-us-seg.lock").read_text())
        os.kill(lock["pid"], signal.SIGKILL)
        wait_for(lambda: self.count_starts() == before + 1)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def read_audit(self) -> list[dict]:
        path = self.folder / "spool" / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def count_images(self, end: str) -> int:
        lines = {line["entry"]: line for line in self.read_audit() if line["end"] == end}
        return sum(sum(line["images"].values()) for line in lines.values())

    def list_results(self) -> list[pydicom.Dataset]:
        found = [
            item["00080018"]["Value"][0]
            for modality in ("SEG", "SR")
            for item in self.orthanc.search(modality)
        ]
        return [self.orthanc.read(uid) for uid in found]


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
        try:
            opened.wait()
            yield opened
        finally:
            opened.close()


def test_results_come_back_once_whatever_is_killed(hospital):
    images = _make_images()
    foreign = make_phantom_dataset(draw_image(), seed=3, instance_number=9)
    foreign.SOPClassUID = foreign.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    hospital.orthanc.store([*images, foreign])
    wait_for(lambda: any((hospital.folder / "spool" / "studies").iterdir()))
    hospital.kill_node()
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
    assert all(each == {"archive": "stored", "web": "stored"} for each in destinations)


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
    hospital.process.terminate()
    assert hospital.process.wait(90) == 143
    log = (hospital.folder / "node.log").read_text()
    assert "stopped: the queue is kept" in log
    assert "Traceback" not in log
    assert not (hospital.folder / "spool" / "breast-us-seg.lock").exists()
