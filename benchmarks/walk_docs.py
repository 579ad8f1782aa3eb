"""Run the console blocks of README and documentation: `python benchmarks/walk_docs.py WORK`.

Each page is walked in a fresh clone, with synthetic images where it says `IN` or names a data set,
so that a command that is wrong, or wants what an earlier one did not make, is seen. What is not run
is listed with the reason. Pages that make an environment do so, the others share one in WORK, which
takes minutes and gigabytes. `--venv DIR` takes one that is there, and nothing is installed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PAGES = (
    "README.md",
    "docs/index.md",
    "docs/installation.md",
    *("docs/tutorials/segment-a-folder.md", "docs/tutorials/dicom-to-pacs.md"),
    *("docs/tutorials/train-on-busi.md", "docs/tutorials/correct-masks.md"),
    *("docs/how-to/own-weights.md", "docs/how-to/slicer.md", "docs/how-to/ohif.md"),
    "docs/how-to/monai-label-client.md",
    *("docs/training.md", "docs/results.md", "docs/dicom.md", "docs/scale.md", "docs/label.md"),
    *("docs/hospital.md", "docs/web.md", "docs/model.md", "docs/performance.md"),
)
"""Pages with commands, in the order of a reader."""

INSTALLS = re.compile(r"-m venv|\bpip (install|wheel)|^uv |-m build|^export |^\.venv-label/")
"""Not run with `--venv`."""

ENVIRONMENT = re.compile(r"(?:-m venv|^uv venv --seed) ?(\S*)$")
"""Makes an environment, and where; `.venv` if it does not say."""

NOT_RUN = (
    (r"download\.pytorch\.org", "the index of PyTorch may be out of reach; it is a choice"),
    (r"\bmake (label-demo|web)\b", "a server, or needs Node.js: `make web` and tests/label do it"),
    (
        r"breast-us-seg (label|serve|web)\b",
        "a server: tests/label and tests/serve start it",
    ),
    (r"breast-us-seg node\b", "needs an archive: tests/node and benchmarks/hospital.py have one"),
    (r"/opt/|/etc/|/var/lib|^systemctl ", "sets up a server: needs root and systemd"),
    (r"^curl ", "asks a server: tests/label and tests/serve send the same requests"),
    (r"^(Orthanc|dcmsend|printf|mkdir -p archive)\b", "needs Orthanc: tests/node sends to one"),
    (r"^podman ", "needs a container engine and a base image"),
    (
        r"^(useradd|install -d|systemctl)\b|/opt/breast-us-seg|/etc/systemd",
        "sets up a server, as root",
    ),
    (r"python benchmarks/", "takes hours and needs the data sets"),
    (r"monai\.bundle run.*B/configs", "an unzipped bundle: tests/bundle runs it"),
    (r"train_large|^torchrun ", "needs a GPU, or several"),
    (r"--ray |\.\[ray\]", "needs Ray, which is large: tests/scale runs it where it is installed"),
    (r"--shard [3k]|^breast-us-seg (merge|status) ", "a job of a cluster: tests/scale runs all"),
)
"""What is not run, and why: a pattern of the command, the reason."""

SMALL = " --set epochs=1 --set batch_size=2 --set image_size=[64,64] --set pretrained=false"
"""Appended to each training: it is the commands that are checked, not the learning."""


@dataclass(frozen=True)
class Command:
    """A command of a page.

    Attributes:
        page: path in the repository.
        line: of the page, from 1.
        text: without comment and continuation.
    """

    page: str
    line: int
    text: str

    @property
    def reason(self) -> str:
        """Why it is not run; empty if it is."""
        return next((why for pattern, why in NOT_RUN if re.search(pattern, self.text)), "")


def list_commands(page: str) -> Iterator[Command]:
    """List the commands in the console and bash blocks of a page.

    Args:
        page: path in the repository.
    """
    is_code, start, text = False, 0, ""
    for number, line in enumerate((ROOT / page).read_text("utf-8").splitlines(), start=1):
        if line.strip().startswith("```"):
            is_code = not is_code and line.strip() in ("```console", "```bash")
        elif is_code:
            start = start if text else number
            text += re.sub(r"(^|\s)#.*", "", line).strip()
            if text.endswith("\\"):
                text = text[:-1]
            elif text:
                yield Command(page, start, text)
                text = ""


def prepare_folder(folder: Path) -> None:
    """Put what the pages name where they name it.

    Args:
        folder: a clone.
    """
    from PIL import Image

    from pipeline.phantom.phantom_study import write_phantom_dataset, write_phantom_study

    study, busi = folder / "study", folder / "Dataset_BUSI_with_GT"
    write_phantom_study(study, images=12, shape=(160, 200), frames=2)
    for name in ("IN", "ARCHIVE", "STUDIES"):
        shutil.copytree(study / "images", folder / name)
    written = write_phantom_dataset(folder / "MY_IMAGES", images=24, shape=(120, 150))
    busbra = folder / "BUSBRA"
    rows = ["ID,Case,Histology,Pathology,BIRADS,Device,Width,Height,Side"]
    for kind in ("Images", "Masks"):
        (busbra / kind).mkdir(parents=True)
    for number, item in enumerate(written, start=1):
        image = Image.open(folder / "MY_IMAGES" / "images" / item.path)
        mask = Image.open(folder / "MY_IMAGES" / "masks" / item.path)
        (busi / item.pathology).mkdir(parents=True, exist_ok=True)
        stem = busi / item.pathology / f"{item.pathology} ({number})"
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(f"{stem}.png")
        mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(f"{stem}_mask.png")
        if item.pathology != "normal":
            image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(
                busbra / "Images" / f"bus_{number:04d}-l.png"
            )
            mask.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(
                busbra / "Masks" / f"mask_{number:04d}-l.png"
            )
            rows.append(
                f"bus_{number:04d}-l,{number},x,{item.pathology},3,GE,{image.width},"
                f"{image.height},left"
            )
    (busbra / "bus_data.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "runs" / "train").mkdir(parents=True)
    shutil.copyfile(folder / "models" / "model.pt", folder / "runs" / "train" / "model.pt")
    (folder / "mine.json").write_text(_read_json_block(), encoding="utf-8")


def _read_json_block() -> str:
    page = (ROOT / "docs" / "how-to" / "own-weights.md").read_text("utf-8")
    return page.partition("```json\n")[2].partition("```")[0]


def walk(page: str, folder: Path, venv: Path, installs: bool) -> list[str]:
    """Run the commands of a page.

    Args:
        page: path in the repository.
        folder: to make and work in.
        venv: an environment with everything installed.
        installs: whether to run the commands that install; the page may then make its own `.venv`.

    Returns:
        A line for each command that failed.
    """
    clone = ["git", "clone", "--quiet", str(ROOT), str(folder)]
    subprocess.run(clone, check=True)
    prepare_folder(folder)
    environment = dict(os.environ)
    programs = folder / ".venv" / "bin"
    commands = list(list_commands(page))
    if not installs or not any(ENVIRONMENT.search(command.text) for command in commands):
        programs.parent.mkdir()
        programs.symlink_to(venv / "bin")
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    if not any(" prepare data " in command.text for command in commands):
        prepare = [f"{venv}/bin/breast-us-seg", "prepare", "data", "--plain", "MY_IMAGES"]
        subprocess.run(prepare, cwd=folder, check=True)
    failures = []
    for command in commands:
        place = f"{page}:{command.line}"
        if reason := command.reason:
            print(f"not run {place}: {command.text}\n        ({reason})", flush=True)
            continue
        if not installs and INSTALLS.search(command.text):
            print(f"not run {place}: {command.text}\n        (--venv)", flush=True)
            continue
        text = command.text
        if made := ENVIRONMENT.search(text):
            shutil.rmtree(folder / (made[1] or ".venv"), ignore_errors=True)
        if re.search(r"breast-us-seg train ", text):
            shutil.rmtree(folder / "runs" / "train", ignore_errors=True)
            text += SMALL
        if re.search(r"breast-us-seg plan ", text):  # another way than those before it
            shutil.rmtree(folder / "OUT", ignore_errors=True)
        started = time.monotonic()
        ended = subprocess.run(
            ["bash", "-c", text], cwd=folder, env=environment, capture_output=True, text=True
        )
        seconds = time.monotonic() - started
        print(f"{ended.returncode:7} {place}: {text} ({seconds:.0f} s)", flush=True)
        if ended.returncode:
            failures.append(f"{place}: {text}\n{ended.stderr[-2000:]}")
    return failures


def make_environment(folder: Path) -> Path:
    """Install the program as README says.

    Args:
        folder: to make.

    Returns:
        The folder.
    """
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", "constraints.txt", "."], cwd=ROOT, check=True)
    return folder


def main(argv: Sequence[str] | None = None) -> int:
    """Walk the pages.

    Args:
        argv: arguments after the program's name; `None` takes those of the process.

    Returns:
        0, or 1 if a command failed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, metavar="WORK", help="folder to make")
    parser.add_argument("--venv", type=Path, help="environment with the program and its extras")
    parser.add_argument("--page", action="append", choices=PAGES, help="only this one")
    args = parser.parse_args(argv)
    venv = (args.venv or make_environment(args.work / "environment")).resolve()
    failures = []
    for page in args.page or PAGES:
        failures += walk(page, args.work / page.replace("/", "-"), venv, args.venv is None)
    for failure in failures:
        print(f"\nfailed: {failure}")
    print(f"\n{len(failures)} commands failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
