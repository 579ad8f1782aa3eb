"""Peers and clients that are unknown, hostile or too many."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import numpy as np
from hospital_place import NODE, Hospital, Rows, list_counts, wait_for
from label.tiny_bundle import draw_image, write_bundle
from PIL import Image


def pack_association(contexts: int, calling: bytes = b"ATTACK") -> bytes:
    """Pack an A-ASSOCIATE-RQ (PS3.8 section 9.3.2) with any number of contexts."""

    def item(kind: int, content: bytes) -> bytes:
        return struct.pack(">BBH", kind, 0, len(content)) + content

    syntax = item(0x30, b"1.2.840.10008.5.1.4.1.1.6.1") + item(0x40, b"1.2.840.10008.1.2.1")
    body = struct.pack(">HH16s16s32x", 1, 0, b"BREASTUSSEG".ljust(16), calling.ljust(16))
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for number in range(contexts):
        body += item(0x20, bytes([(2 * number + 1) % 256, 0, 0, 0]) + syntax)
    body += item(0x50, item(0x51, struct.pack(">I", 16384)))
    return struct.pack(">BBI", 1, 0, len(body)) + body


def try_peers(hospital: Hospital, rows: Rows) -> None:
    """Connect as nobody should, mostly as somebody who has the certificate, who gets further."""
    before = hospital.measure_mib()
    encryption = hospital.encrypt()

    def connect(*, is_plain: bool = False) -> socket.socket:
        peer = socket.create_connection(("127.0.0.1", NODE), timeout=30)
        return peer if is_plain else encryption.wrap_socket(peer, server_hostname="127.0.0.1")

    def attack(
        name: str, count: int, content: bytes, *, ends: bool = True, is_plain: bool = False
    ) -> None:
        answered: Counter[str] = Counter()
        for _ in range(count):
            with connect(is_plain=is_plain) as peer:
                try:
                    peer.sendall(content)
                    head = peer.recv(1) if ends else b"-"
                except OSError:
                    head = b""
            told = {b"": "closed", b"\2": "accepted", b"\3": "rejected", b"\7": "aborted"}
            answered[told.get(head, "left by the peer" if head == b"-" else "answered")] += 1
        rows.add(name, count, f"{list_counts(answered)}; {tell_others(hospital)}")

    attack("no encryption", 20, pack_association(1), is_plain=True)
    attack("unknown AE title", 50, pack_association(1, b"NOBODY"))
    attack("10,000 presentation contexts", 20, pack_association(10_000))
    attack("128 presentation contexts, the most that DICOM knows", 20, pack_association(128))
    attack("a PDU of 4 GiB is announced", 20, struct.pack(">BBI", 1, 0, 0xFFFFFFFF) + bytes(9999))
    attack("another protocol (HTTP)", 20, b"GET / HTTP/1.1\r\n\r\n")
    attack("half an association, and the peer goes", 20, pack_association(1)[:60], ends=False)
    rng = np.random.default_rng(0)
    for number in range(100):
        content = bytearray(pack_association(3))
        content[int(rng.integers(len(content)))] = int(rng.integers(256))
        with connect() as peer, contextlib.suppress(OSError):  # the node has ended it already
            peer.sendall(bytes(content))
            if number % 2:
                peer.sendall(rng.bytes(100))
    rows.add(
        "requests with a changed byte, half of them with nonsense after it",
        100,
        tell_others(hospital),
    )
    for is_plain, name in ((True, "before encryption"), (False, "after it")):
        silent = [connect(is_plain=is_plain) for _ in range(25)]
        told = tell_others(hospital)
        begin = time.monotonic()
        for each in silent:
            with contextlib.suppress(OSError):
                each.settimeout(120)
                each.recv(1)
        seconds = time.monotonic() - begin
        rows.add(
            f"connections that say nothing {name}",
            "25 at a time",
            f"{told}; ended after {seconds:.0f} s",
        )
        for each in silent:
            each.close()
    begin = time.monotonic()
    with connect() as peer:
        try:
            for byte in pack_association(1):
                peer.sendall(bytes([byte]))
                time.sleep(1)
        except OSError:
            pass
    seconds = time.monotonic() - begin
    rows.add("a byte a second", 1, f"ended after {seconds:.0f} s; {tell_others(hospital)}")
    peer = socket.socket()
    peer.bind(("127.0.0.2", 0))
    peer.connect(("127.0.0.1", NODE))
    peer.settimeout(30)
    head = peer.recv(1)
    peer.close()
    rows.add("unknown address", 1, "closed before a word" if head == b"" else f"{head!r}")
    after = hospital.measure_mib()
    rows.add("memory of the node over all these peers", "", f"{before:.0f} to {after:.0f} MiB")


def tell_others(hospital: Hospital) -> str:
    """Check whether somebody else is answered."""
    return "others are served" if hospital.echo() else "OTHERS ARE NOT SERVED"


def try_clients(folder: Path, rows: Rows, clients: int, seconds: float) -> None:
    """Let many clients press on the service."""
    folder.mkdir()
    write_bundle(folder / "bundle")
    log = folder / "log"
    command = [sys.executable, "-m", "pipeline.cli.main", "serve", "--port", "8899"]
    with log.open("w") as file:
        process = subprocess.Popen(
            [*command, "--bundle-root", str(folder / "bundle")],
            stdout=file,
            stderr=file,
            env={**os.environ, "TMPDIR": str(folder)},
        )
    wait_for(lambda: "listens at" in log.read_text())
    image = folder / "image.png"
    Image.fromarray(draw_image()).save(image)
    content, end = image.read_bytes(), time.monotonic() + seconds
    told: Counter[str] = Counter()

    def measure() -> float:
        children = subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        pages = sum(
            int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            for pid in (process.pid, *children)
        )
        return pages * 4096 / (1 << 20)

    def press() -> None:
        while time.monotonic() < end:
            request = urllib.request.Request("http://127.0.0.1:8899/v1/segment", content)
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    told[str(answer.status)] += 1
            except urllib.error.HTTPError as error:
                told[str(error.code)] += 1
                pause = min(2.0, float(error.headers.get("Retry-After", 1)))
                error.close()
                time.sleep(pause)
            except OSError as error:
                told[type(error).__name__] += 1

    threads = [threading.Thread(target=press) for _ in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(min(15.0, seconds / 2))
    early = measure()
    for thread in threads:
        thread.join()
    late = measure()
    process.terminate()
    process.wait(60)
    answers = Counter({f"with status {status}": count for status, count in told.items()})
    rows.add(
        f"`serve` before {clients} clients for {seconds:g} s",
        f"{told.total()} requests",
        f"{list_counts(answers)}; {early:.0f} MiB after a quarter, {late:.0f} MiB at the end",
    )
