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
from pathlib import Path

from hospital_peers import try_clients, try_peers
from hospital_place import RESERVE_GIB, ROOT, Hospital, Rows, list_counts, wait_for
from label.orthanc import own_network
from label.tiny_bundle import draw_image
from pages import replace_between
from pydicom import Dataset

from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import make_phantom_dataset

CT = "1.2.840.10008.5.1.4.1.1.2"
SECRET = "SECRET^NAME"
PARTS = {
    "node": "the node",
    "segmentation": "its process for segmentation",
    "archive": "the archive",
}
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
            kind, image.SOPClassUID, image.Modality = "foreign", CT, "CT"
            image.file_meta.MediaStorageSOPClassUID = CT
        elif number % 20 == 13:
            kind, image.PixelData = "broken", image.PixelData[: len(image.PixelData) // 2]
        image.PatientName, image.PatientID = SECRET, "SECRETID"
        made[kind].append(image)
    return made


def kill_at_random(hospital: Hospital, count: int, longest_s: float) -> Counter[str]:
    """Kill each part in turn at random moments."""
    rng, done = random.Random(0), Counter[str]()
    while done.total() < count:
        time.sleep(rng.uniform(0.5, longest_s))
        part = list(PARTS)[done.total() % len(PARTS)]
        if hospital.kill(part):
            done[PARTS[part]] += 1
            print(f"{time.strftime('%H:%M:%S')} killed {PARTS[part]}", flush=True)
    return done


def try_kills(
    hospital: Hospital, rows: Rows, images: dict[str, list[Dataset]], args: argparse.Namespace
) -> None:
    """Send studies through the archive while processes are killed."""
    done: Counter[str] = Counter()
    chaos = threading.Thread(
        target=lambda: done.update(kill_at_random(hospital, args.kills, args.longest))
    )
    chaos.start()
    everything = [each for kind in images.values() for each in kind]
    random.Random(1).shuffle(everything)
    pause = args.kills * args.longest / 2 / len(everything)
    while everything and chaos.is_alive():  # while the processes die
        hospital.store([everything.pop()])
        time.sleep(pause)
    hospital.store(everything)
    chaos.join()
    wait_for(hospital.echo)
    wait_for(lambda: hospital.orthanc.answers() and hospital.is_quiet())
    again = hospital.send_again({str(image.SOPInstanceUID) for image in images["sound"]})
    wait_for(hospital.is_quiet)
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
    """Try all."""
    work = args.work.resolve()
    work.mkdir(parents=True)
    rows, images = Rows(work / "faults.json"), make_images(args.studies)
    with own_network():
        hospital = Hospital(work / "hospital")
        try:
            try_kills(hospital, rows, images, args)
            try_archive_down(hospital, rows, max(3, args.studies // 10), args.down)
            try_full_disk(hospital, rows, max(3, args.studies // 20))
            try_peers(hospital, rows)
            judge(hospital, rows, images, "all of these")
            try_privacy(hospital, rows, images)
        finally:
            hospital.close()
        try_clients(work / "serve", rows, args.clients, args.seconds)
    print(rows.format())


def write_table(args: argparse.Namespace) -> None:
    """Write the table into the docs."""
    replace_between(PAGE, BEGIN, END, Rows(args.work / "faults.json").format())


def main() -> None:
    """Try all, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(required=True)
    running = actions.add_parser("run")
    running.add_argument("work", type=Path)
    running.add_argument("--studies", type=int, default=200)
    running.add_argument("--kills", type=int, default=30)
    running.add_argument("--longest", type=float, default=12.0, help="seconds between two kills")
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
