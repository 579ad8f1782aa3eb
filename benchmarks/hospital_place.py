"""A hospital to attack: the example, on a small disk, with a tiny network."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from label.orthanc import OrthancClient  # noqa: E402
from label.tiny_bundle import write_bundle  # noqa: E402
from pydicom import Dataset  # noqa: E402
from pynetdicom import AE  # noqa: E402

from pipeline.node.sender import COMMITMENT_S  # noqa: E402

EXAMPLE = ROOT / "examples" / "hospital"
DISK_MIB = 256
RESERVE_GIB = 0.0625
Value = TypeVar("Value")
NODE = 11112
"""Port of the node."""
CHANGES = {
    "retry_minutes = [1, 5, 15, 60]": f"retry_minutes = {[0.05] * 10 + [0.25] * 120}",
    "silence_s = 30": "silence_s = 1",
    "disk_reserve_gib = 5": f"disk_reserve_gib = {RESERVE_GIB}",
    "most_studies = 500": "most_studies = 2000",
    "[process]": '[process]\nbundle_root = "bundle"',
    'addresses = ["127.0.0.1"]': 'addresses = ["127.0.0.1"]\n[[source]]\nname = "attacker"\n'
    'aet = "ATTACK"\naddresses = ["127.0.0.1"]',
}


class Rows:
    """Rows of the table, kept in a file as they come.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[list[str]] = []

    def add(self, fault: str, tried: object, came: str) -> None:
        """Note what was tried and what came of it."""
        self.rows.append([fault, str(tried), came])
        self.path.write_text(json.dumps(self.rows, indent=2))
        print(f"{time.strftime('%H:%M:%S')} {fault}: {tried}: {came}", flush=True)


def format_table(paths: Iterable[Path]) -> str:
    """Write rows that were kept as Markdown."""
    rows = [["fault", "tried", "what came of it"], ["---", "---", "---"]]
    rows += [row for path in paths for row in json.loads(path.read_text())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def list_counts(counts: Counter[str]) -> str:
    """Write counts as a text."""
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


class Hospital:
    """The example, in the present network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.spool.mkdir(parents=True)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(self.spool)],
            check=True,
        )
        write_bundle(folder / "bundle")
        text = (EXAMPLE / "node.toml").read_text()
        for old, new in CHANGES.items():
            if old not in text:
                message = f"{old!r} is not in the example"
                raise SystemExit(message)
            text = text.replace(old, new)
        (folder / "node.toml").write_text(text)
        orthanc = json.loads((EXAMPLE / "orthanc.json").read_text())
        orthanc |= {"ConcurrentJobs": 4, "JobsHistorySize": 100_000}
        (folder / "orthanc.d").mkdir()
        (folder / "orthanc.d" / "orthanc.json").write_text(json.dumps(orthanc))
        self.process = subprocess.Popen(
            ["bash", str(EXAMPLE / "start.sh"), str(folder)],
            env={**os.environ, "NODE": f"{sys.executable} -m pipeline.cli.main node"},
            stdout=subprocess.DEVNULL,
        )
        wait_for(lambda: (folder / "orthanc.d" / "users.json").exists())
        self.orthanc = OrthancClient("hospital", (folder / "password").read_text().strip())
        wait_for(self.orthanc.answers)
        wait_for(self.echo)

    def close(self) -> None:
        """End both, and give the disk back."""
        self.process.terminate()
        self.process.wait(120)
        subprocess.run(["umount", "-l", str(self.spool)], check=False)

    @property
    def pid(self) -> int:
        """Number of the node's process."""
        return int(json.loads((self.spool / "breast-us-seg.lock").read_text())["pid"])

    def list_children(self) -> list[int]:
        """List the processes that the node has started."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False
        )
        return [int(number) for number in found.stdout.split()]

    def kill(self, part: str) -> bool:
        """Kill a part at once: the node, its process for segmentation, or the archive."""
        with contextlib.suppress(OSError, ValueError, KeyError, subprocess.CalledProcessError):
            pid = self._find(part)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def _find(self, part: str) -> int | None:
        if part == "node":
            return self.pid
        if part == "archive":
            return self.find_orthanc()
        for child in self.list_children():
            if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                return child
        return None

    def store(self, dataset: Dataset) -> None:
        """Give an image to the archive, however often it takes."""

        def store() -> bool:
            self.orthanc.store([dataset])
            return True

        wait_for(store)

    def find_orthanc(self) -> int:
        """Find the number of the archive's process."""
        found = subprocess.run(
            ["pgrep", "-x", "Orthanc"], capture_output=True, text=True, check=True
        )
        for number in found.stdout.split():
            if os.readlink(f"/proc/{number}/cwd") == str(self.folder):
                return int(number)
        raise ProcessLookupError

    def encrypt(self) -> ssl.SSLContext:
        """Make the encryption of somebody who has the certificate of the example."""
        context = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        context.load_cert_chain(self.folder / "certificate.pem", self.folder / "key.pem")
        return context

    def associate(self, entity: AE) -> Any:
        """Begin an association with the node."""
        tls = (self.encrypt(), "127.0.0.1")
        return entity.associate("127.0.0.1", NODE, ae_title="BREASTUSSEG", tls_args=tls)

    def measure_mib(self) -> float:
        """Measure the memory of the node."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def echo(self) -> bool:
        """Ask whether the node answers."""
        entity = AE("ORTHANC")
        entity.add_requested_context("1.2.840.10008.1.1")
        association = self.associate(entity)
        if not association.is_established:
            return False
        status = association.send_c_echo()
        association.release()
        return bool(status.get("Status") == 0)

    def send(self, datasets: list[Dataset], calling: str = "ATTACK") -> list[int | None]:
        """Send images to the node, and give the statuses, `None` if it had none."""
        entity = AE(calling)
        for context in {(each.SOPClassUID, each.file_meta.TransferSyntaxUID) for each in datasets}:
            entity.add_requested_context(*context)
        association = self.associate(entity)
        if not association.is_established:
            return [None] * len(datasets)
        statuses: list[int | None] = []
        for each in datasets:
            try:
                statuses.append(association.send_c_store(each).get("Status"))
            except RuntimeError:  # the node has ended the association
                statuses.append(None)
        association.release()
        return statuses

    def send_again(self, uids: set[str]) -> int:
        """Let the archive send those images again of which it has no report."""
        missing = uids - wait_for(lambda: {"", *self.find_sources("SR")})
        for uid in missing:
            wait_for(partial(self._send, uid))
        return len(missing)

    def _send(self, uid: str) -> bool:
        with self.orthanc.ask("/tools/lookup", uid.encode()) as answer:
            (found,) = json.loads(answer.read())
        self.orthanc.ask("/modalities/node/store", found["ID"].encode()).close()
        return True

    def count_ended(self) -> int:
        """Count the studies that have come to their end."""
        path = self.spool / "audit.jsonl"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def count_jobs(self) -> int:
        """Count what the archive is sending or will send."""
        jobs = json.loads(self.orthanc.get("/jobs?expand"))
        return sum(job["State"] in ("Pending", "Running", "Retry") for job in jobs)

    def count(self, *states: str) -> int:
        """Count the studies in folders of the queue."""
        return sum(sum(1 for _ in (self.spool / state).iterdir()) for state in states)

    def count_waiting(self) -> int:
        """Count the studies that are not done."""
        return self.count("received", "studies", "results")

    def is_quiet(self) -> bool:
        """Return whether nothing is on its way, nor waits."""
        self._shorten_hour()
        return not self.count_jobs() and not self.count_waiting()

    def _shorten_hour(self) -> None:
        """Let a storage commitment be asked for again that was lost with the archive or the node.

        The node waits an hour for it, which is a minute here.
        """
        for path in self.spool.glob("results/*/study.json"):
            record = json.loads(path.read_bytes())
            late = [
                each
                for each in record["deliveries"].values()
                if each["transaction"] and 0 < each["next_try"] - time.time() < COMMITMENT_S - 60
            ]
            for each in late:
                each["next_try"] = time.time()
            if late:
                temporary = path.with_name("hour.tmp")
                temporary.write_text(json.dumps(record))
                temporary.replace(path)

    def count_aside(self) -> int:
        """Count the images of studies that were put aside, each once."""
        found = (self.spool / "failed").glob("*/images/*.dcm")
        return len({path.name for path in found})

    def find_sources(self, modality: str) -> Counter[str]:
        """Count the results by the image that they are of."""
        sources: Counter[str] = Counter()
        for item in self.orthanc.search(modality):
            result = self.orthanc.read(item["00080018"]["Value"][0])
            if modality == "SEG":
                (image,) = result.ReferencedSeriesSequence[0].ReferencedInstanceSequence
            else:
                evidence = result.CurrentRequestedProcedureEvidenceSequence[0]
                image = next(
                    each
                    for series in evidence.ReferencedSeriesSequence
                    for each in series.ReferencedSOPSequence
                    if str(each.ReferencedSOPClassUID) != "1.2.840.10008.5.1.4.1.1.66.4"
                )
            sources[str(image.ReferencedSOPInstanceUID)] += 1
        return sources


def wait_for(condition: Callable[[], Value], seconds: float = 7200) -> Value:
    """Wait until a condition holds, whatever is down meanwhile, and give what it says."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, HTTPException, ValueError):  # down, or going down
            if found := condition():
                return found
        if time.monotonic() > end:
            message = "it does not come to an end"
            raise SystemExit(message)
        time.sleep(0.5)
