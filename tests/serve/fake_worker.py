"""A worker that writes what a run would, as fast as it is told to."""

import csv
import threading
import time
from pathlib import Path

from pipeline.server.segment_worker import RunResult, WorkerDiedError

RESULT_COLUMNS = ("file", "frame", "status", "reason", "probability", "quality", "instance")
LESION_COLUMNS = ("file", "frame", "lesion", "area_mm2", "orientation")


class FakeWorker:
    """Take a file for what its content says.

    ``ok``: a still with a lesion; ``none``: without; ``cine``: two frames; ``png``: no DICOM
    object; ``skip`` and ``fail``: no image; ``die``: ends the process; ``slow``: waits.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.closed = False
        self.ended = threading.Event()
        self.go = threading.Event()

    def run(self, images: Path, output: Path, seconds: float) -> RunResult:
        self.runs += 1
        rows, lesions, code = [], [], 0
        for path in sorted(images.iterdir()):
            kind = path.read_text()
            if kind == "slow":
                self._wait()
            if kind == "die":
                msg = "its process has ended (signal 9)"
                raise WorkerDiedError(msg)
            if kind == "stuck":
                return RunResult(1, f"expected to write {output}, got: no space")
            code = 2 if kind == "fail" else code
            rows += self._segment(path.name, kind, output, lesions)
        _write(output / "results.csv", RESULT_COLUMNS, rows)
        _write(output / "lesions.csv", LESION_COLUMNS, lesions)
        return RunResult(code)

    def _wait(self) -> None:
        end = time.monotonic() + 30
        while not self.go.wait(0.01) and time.monotonic() < end:
            if self.ended.is_set():
                msg = "its process has ended (signal 9)"
                raise WorkerDiedError(msg)

    def end(self) -> None:
        self.ended.set()

    def close(self) -> None:
        self.closed = True

    def _segment(self, name: str, kind: str, output: Path, lesions: list) -> list:
        if kind in ("skip", "fail"):
            status = {"skip": "skipped", "fail": "failed"}[kind]
            return [(name, "", status, f"it is {status}", "", "", "")]
        for folder in ("masks", "seg", "sr"):
            (output / folder).mkdir(parents=True, exist_ok=True)
        if kind == "cine":
            (output / "masks" / name).mkdir()
            for frame in (1, 2):
                (output / "masks" / name / f"{frame:04d}.png").write_bytes(b"mask %d" % frame)
        else:
            (output / "masks" / f"{name}.png").write_bytes(b"mask")
        if kind != "png":
            (output / "sr" / f"{name}.dcm").write_bytes(b"report")
        if kind not in ("png", "none"):
            (output / "seg" / f"{name}.dcm").write_bytes(b"segmentation")
        frames = ["1", "2"] if kind == "cine" else [""]
        status = "no_lesion" if kind == "none" else "ok"
        if status == "ok":
            lesions += [(name, frame, "1", "12.50", "parallel") for frame in frames]
        return [(name, frame, status, "", "0.9000", "", "abc") for frame in frames]


def _write(path: Path, columns: tuple[str, ...], rows: list) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(rows)
