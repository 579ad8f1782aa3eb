"""Attack a node beside a real archive, and count: `python benchmarks/hospital.py run WORK`.

Needs root and what examples/hospital/start.sh needs. It runs in a network of its own, with login
and TLS, the queue on a small disk, and a tiny network instead of the released one, as it is not
the segmentation that is tried. `python benchmarks/hospital.py table WORK` puts what came of it
into docs/hospital.md.
"""

import argparse
import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hospital_peers import try_clients, try_peers
from hospital_place import RESERVE_GIB, ROOT, Hospital, Rows, format_table, list_counts, wait_for
from label.orthanc import own_network
from label.tiny_bundle import draw_image
from pages import replace_between
from pydicom import Dataset
from pydicom.uid import CTImageStorage

from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import make_phantom_dataset

SECRET = "SECRET^NAME"
PARTS = {
    "node": "the node",
    "segmentation": "its process for segmentation",
    "archive": "the archive",
}
MOST_WAITING = 20
"""Studies in the queue above which the archive is given nothing new: it sends all the time."""
MOST_ROUNDS = 5
"""In which an archive sends again what was not taken."""
TRIES = ("kills", "down", "disk", "peers", "clients")
ROWS = "faults.json"
PAGE = ROOT / "docs" / "hospital.md"
BEGIN = "<!-- faults: made by python benchmarks/hospital.py table WORK -->"
END = "<!-- end of faults -->"


def make_images(studies: int) -> dict[str, list[Dataset]]:
    """Make stills, cines, images of another modality and broken ones."""
    made: dict[str, list[Dataset]] = {"sound": [], "foreign": [], "broken": []}
    for number in range(studies):
        if number % 10 == 9:
            pixels = make_phantom_cine(number, frames=5, shape=(48, 64)).images
        else:
            pixels = draw_image(seed=number)
        image = make_phantom_dataset(pixels, seed=number)
        kind = "sound"
        if number % 20 == 7:
            kind, image.SOPClassUID, image.Modality = "foreign", CTImageStorage, "CT"
            image.file_meta.MediaStorageSOPClassUID = CTImageStorage
        elif number % 20 == 13:
            kind, image.PixelData = "broken", image.PixelData[: len(image.PixelData) // 2]
        image.PatientName, image.PatientID = SECRET, "SECRETID"
        made[kind].append(image)
    return made


def kill_at_random(hospital: Hospital, kills: int, studies: int, done: Counter[str]) -> None:
    """Kill each part in turn, at moments drawn from the whole of the work."""
    rng = random.Random(0)
    for number, moment in enumerate(sorted(rng.choices(range(studies * 9 // 10), k=kills))):
        part = list(PARTS)[number % len(PARTS)]
        _wait_for_ended(hospital, moment)
        time.sleep(rng.uniform(0, 10))
        while not hospital.kill(part):
            time.sleep(0.1)
        done[PARTS[part]] += 1
        told = f"killed {PARTS[part]} after {hospital.count_ended()} studies"
        print(f"{time.strftime('%H:%M:%S')} {told}", flush=True)


def _wait_for_ended(hospital: Hospital, studies: int) -> None:
    wait_for(lambda: hospital.count_ended() >= studies)


def try_kills(hospital: Hospital, rows: Rows, images: dict[str, list[Dataset]], kills: int) -> None:
    """Send studies through the archive while processes are killed."""
    done: Counter[str] = Counter()
    everything = [each for kind in images.values() for each in kind]
    random.Random(1).shuffle(everything)
    chaos = threading.Thread(
        target=kill_at_random, args=(hospital, kills, len(everything), done), daemon=True
    )
    chaos.start()
    while everything:  # while the processes die
        hospital.store(everything.pop())
        wait_for(lambda: hospital.count_waiting() < MOST_WAITING)
    sound = {str(image.SOPInstanceUID) for image in images["sound"]}
    again, rounds = 0, 0
    while chaos.is_alive() or rounds < MOST_ROUNDS:
        wait_for(hospital.is_quiet)
        missing = hospital.send_again(sound)
        again += missing
        if not missing and not chaos.is_alive():
            break
        rounds += not chaos.is_alive()
    judge(hospital, rows, images, f"`kill -9` at {done.total()} random moments")
    rows.add("which were killed", list_counts(done), "each came again, and went on")
    rows.add(
        "node or archive is down while the archive sends",
        f"{again} images",
        "had no report; taken when the archive sent them again",
    )


def judge(hospital: Hospital, rows: Rows, images: dict[str, list[Dataset]], fault: str) -> None:
    """Compare what the archive has with what it should have."""
    sources = {modality: hospital.find_sources(modality) for modality in ("SEG", "SR")}
    sound = {str(image.SOPInstanceUID) for image in images["sound"]}
    others = {str(image.SOPInstanceUID) for kind in ("foreign", "broken") for image in images[kind]}
    lost = len(sound - set(sources["SR"]))
    doubled = sum(count > 1 for each in sources.values() for count in each.values())
    wrong = len(others & (set(sources["SR"]) | set(sources["SEG"])))
    rows.add(
        fault,
        f"{len(sound)} sound, {len(images['foreign'])} of other modalities, "
        f"{len(images['broken'])} broken images",
        f"{lost} lost, {doubled} twice in the archive, {wrong} results of others, "
        f"{hospital.count_aside()} images put aside",
    )


def try_archive_down(hospital: Hospital, rows: Rows, studies: int, seconds: float) -> None:
    """Let the archive be silent, then kill it, while results wait."""
    images = [
        make_phantom_dataset(draw_image(seed=5000 + i), seed=5000 + i) for i in range(studies)
    ]
    pid = hospital.find_orthanc()
    os.kill(pid, signal.SIGSTOP)
    statuses = Counter(hospital.send(images))
    time.sleep(seconds)
    waiting = hospital.count_waiting()
    os.kill(pid, signal.SIGKILL)  # and it comes again
    wait_for(hospital.orthanc.answers)
    wait_for(hospital.is_quiet)
    found = hospital.find_sources("SR")
    uids = [str(image.SOPInstanceUID) for image in images]
    rows.add(
        f"archive silent for {seconds:g} s, then killed",
        f"{studies} studies: {name_statuses(statuses)}",
        f"{waiting} waited, {sum(uid not in found for uid in uids)} lost, "
        f"{sum(found[uid] > 1 for uid in uids)} twice",
    )


def name_statuses(statuses: Counter[int | None]) -> str:
    """Name what a sender was told."""
    names = {0: "taken", 0xA700: "refused (0xA700)", None: "without an association"}
    return list_counts(
        Counter({names.get(code, f"0x{code or 0:04X}"): n for code, n in statuses.items()})
    )


def try_full_disk(hospital: Hospital, rows: Rows, studies: int) -> None:
    """Fill the disk step by step, and send all the while."""
    images = [
        make_phantom_dataset(draw_image(seed=7000 + i), seed=7000 + i) for i in range(studies)
    ]
    filler = hospital.spool / "filler"
    told: Counter[int | None] = Counter()
    for kept in (RESERVE_GIB * 1024 + 2, RESERVE_GIB * 1024 - 2, 0.05, 0.0):
        disk = os.statvfs(hospital.spool)
        room = disk.f_bavail * disk.f_frsize + (filler.stat().st_size if filler.exists() else 0)
        with filler.open("wb") as file, contextlib.suppress(OSError):
            file.write(bytes(max(0, int(room - kept * (1 << 20)))))
        told.update(hospital.send(images))
        time.sleep(5)
    filler.unlink()
    wait_for(hospital.echo)
    again = Counter(hospital.send(images))
    wait_for(hospital.is_quiet)
    found = hospital.find_sources("SR")
    uids = [str(image.SOPInstanceUID) for image in images]
    rows.add(
        "disk full: above and below the reserve, and to the last byte",
        f"{studies} studies, four times: {name_statuses(told)}",
        f"with room again {name_statuses(again)}: {sum(uid not in found for uid in uids)} lost, "
        f"{sum(found[uid] > 1 for uid in uids)} twice",
    )


def try_privacy(hospital: Hospital, rows: Rows, images: dict[str, list[Dataset]]) -> None:
    """Look for names and UIDs where none may be."""
    told = (hospital.folder / "node.log").read_text(errors="replace")
    told += "\n".join(map(str, hospital.spool.rglob("*")))
    for path in (*hospital.spool.rglob("*.json"), hospital.spool / "audit.jsonl"):
        told += path.read_text()
    uids = [str(image.SOPInstanceUID) for kind in images.values() for image in kind]
    found = sum(told.count(word) for word in ("SECRET", *uids))
    rows.add(
        "names and UIDs in log, file names and records",
        f"{len(told):,} characters",
        f"{found} found" if found else "none",
    )


def run(args: argparse.Namespace) -> None:
    """Try all, or some parts, each with a hospital of its own."""
    images = make_images(args.studies)

    def try_archive(hospital: Hospital, rows: Rows) -> None:
        try_kills(hospital, rows, images, args.kills)
        try_privacy(hospital, rows, images)

    tries: dict[str, Callable[[Hospital, Rows], None]] = {
        "kills": try_archive,
        "down": lambda hospital, rows: try_archive_down(
            hospital, rows, max(3, args.studies // 10), args.down
        ),
        "disk": lambda hospital, rows: try_full_disk(hospital, rows, max(3, args.studies // 20)),
        "peers": try_peers,
    }
    for part in args.part or TRIES:
        work = args.work.resolve() / part
        work.mkdir(parents=True)
        rows = Rows(work / ROWS)
        with own_network():
            if part == "clients":
                try_clients(work / "serve", rows, args.clients, args.seconds)
                continue
            hospital = Hospital(work / "hospital")
            try:
                tries[part](hospital, rows)
            finally:
                hospital.close()


def write_table(args: argparse.Namespace) -> None:
    """Write what was counted last into the docs."""
    paths = [args.work / part / ROWS for part in TRIES]
    replace_between(PAGE, BEGIN, END, format_table(paths))


def main() -> None:
    """Try all, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(required=True)
    running = actions.add_parser("run")
    running.add_argument("work", type=Path)
    running.add_argument("--studies", type=int, default=200)
    running.add_argument("--kills", type=int, default=30)
    running.add_argument("--part", choices=TRIES, action="append", help="only this one")
    running.add_argument("--down", type=float, default=60.0, help="seconds")
    running.add_argument("--clients", type=int, default=200)
    running.add_argument("--seconds", type=float, default=60.0, help="that they press on `serve`")
    running.set_defaults(action=run)
    writing = actions.add_parser("table")
    writing.add_argument("work", type=Path)
    writing.set_defaults(action=write_table)
    args = parser.parse_args()
    args.action(args)


if __name__ == "__main__":
    main()
