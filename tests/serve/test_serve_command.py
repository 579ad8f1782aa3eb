"""The command as a process, with a network that sees brightness."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from label.tiny_bundle import draw_image, draw_mask, measure_dice, write_bundle
from PIL import Image

from pipeline.cli.main import main
from pipeline.phantom.phantom_dicom import make_phantom_dataset

pytestmark = pytest.mark.enable_socket


class Served:
    def __init__(self, folder: Path) -> None:
        write_bundle(folder / "bundle")
        self.log = folder / "log"
        command = [sys.executable, "-m", "pipeline.cli.main", "serve", "--port", "0"]
        command += ["--bundle-root", str(folder / "bundle")]
        environment = {**os.environ, "TMPDIR": str(folder)}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        end = time.monotonic() + 120
        while "listens at" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(self.log.read_text())
            time.sleep(0.1)
        line = next(line for line in self.log.read_text().splitlines() if "listens at" in line)
        self.url = f"http://127.0.0.1:{line.split('port ')[1].split(';')[0]}"

    def segment(self, content: bytes, accept: str) -> bytes:
        request = urllib.request.Request(
            f"{self.url}/v1/segment", content, {"Accept": accept, "Content-Type": "image/any"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            body: bytes = answer.read()
            return body


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    started = Served(tmp_path_factory.mktemp("serve"))
    yield started
    started.process.kill()
    started.process.wait()


def _encode_dicom() -> bytes:
    dataset = make_phantom_dataset(draw_image(), mm_per_pixel=(0.2, 0.1))
    dataset.PatientName = "SECRET^NAME"
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _read_mask(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png))) > 0


def test_png_in_and_mask_out(served):
    buffer = io.BytesIO()
    Image.fromarray(draw_image()).save(buffer, "PNG")
    mask = _read_mask(served.segment(buffer.getvalue(), "image/png"))
    assert measure_dice(mask, draw_mask()) > 0.85


def test_dicom_in_and_json_seg_and_sr_out(served):
    (image,) = json.loads(served.segment(_encode_dicom(), "application/json"))["images"]
    assert image["mm_per_pixel_y"] == 0.2
    assert image["lesions"][0]["width_mm"] == pytest.approx(0.1 * 30, rel=0.1)
    seg = pydicom.dcmread(io.BytesIO(served.segment(_encode_dicom(), "application/dicom")))
    assert measure_dice(seg.pixel_array.reshape(60, 90) > 0, draw_mask()) > 0.85
    sr = pydicom.dcmread(io.BytesIO(served.segment(_encode_dicom(), "application/dicom;type=sr")))
    assert (seg.Modality, sr.Modality) == ("SEG", "SR")
    assert sr.StudyInstanceUID == seg.StudyInstanceUID


def test_nonsense_is_reported_and_kills_nothing(served):
    with pytest.raises(urllib.error.HTTPError) as error:
        served.segment(b"nonsense", "image/png")
    assert error.value.code == 422
    error.value.close()


def test_a_killed_worker_is_replaced(served):
    found = subprocess.run(
        ["pgrep", "-P", str(served.process.pid), "-f", "spawn_main"],
        capture_output=True,
        text=True,
        check=True,
    )
    pid = found.stdout.split()[0]
    os.kill(int(pid), signal.SIGKILL)
    state = "R"
    while state and ("l" in state or not state.startswith("Z")):  # until its last thread ends
        told = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True)
        state = told.stdout.strip()
    assert served.segment(_encode_dicom(), "application/dicom")


def test_it_ends_in_order_and_leaves_nothing_of_a_patient(served):
    served.process.terminate()
    assert served.process.wait(60) in (0, 143)
    assert "SECRET" not in served.log.read_text()
    assert not [path for path in served.log.parent.rglob("*.dcm") if path.is_file()]
    assert "Traceback" not in served.log.read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0"], "--token-file"),
        (["--token-file", "none"], "token in none"),
        (["--queue", "0"], "--queue"),
        (["--set", "thresholdd=1"], "thresholdd"),
    ],
)
def test_arguments_that_do_not_fit(arguments, told, capsys):
    assert main(["serve", *arguments]) == 1
    assert told in capsys.readouterr().err
