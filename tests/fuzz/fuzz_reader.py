"""Fuzz the reader: `pip install atheris`, then `python tests/fuzz/fuzz_reader.py`.

Options of libFuzzer are passed on, as ``-max_total_time=300``, ``-seed=1`` or ``-runs=1000``; a
file as argument is read once. Seeds are the files of `image_formats` and `bad_files`. Mutations
leave the preamble alone more often than not, and change DICOM element by element.

A finding is anything but a `ReadError`, a reason that quotes the file, or more than `LONGEST_S`.
Each kind of finding is written to a folder once, and the search goes on; the log tells where.
"""

import argparse
import logging
import random
import re
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]

LONGEST_S = 5.0
"""Seconds for one file."""

LARGEST_SEED_BYTES = 100_000
LIBFUZZER_DEFAULTS = {
    "-max_len": str(LARGEST_SEED_BYTES),
    "-timeout": "120",
    "-rss_limit_mb": "4096",
}

LENGTHS = (0, 1, 2, 3, 4, 6, 7, 8, 255, 1 << 15, 0xFFFF, 1 << 20, 1 << 31, 0xFFFFFFFE, 0xFFFFFFFF)
TEXTS = (
    b"0",
    b"-1",
    b"1e9",
    b"nan",
    b"inf",
    b"1\\2",
    b"\\",
    b"",
    b"\0",
    b"SECRET",
    b"../../x",
    b"9" * 64,
)
VRS = (
    b"US",
    b"UL",
    b"SS",
    b"FD",
    b"FL",
    b"DS",
    b"IS",
    b"CS",
    b"LO",
    b"UI",
    b"SQ",
    b"OB",
    b"OW",
    b"UN",
    b"AT",
    b"UT",
    b"??",
)
LONG_VRS = (
    b"OB",
    b"OW",
    b"SQ",
    b"UN",
    b"UT",
    b"UC",
    b"UR",
    b"OD",
    b"OF",
    b"OL",
    b"OV",
    b"SV",
    b"UV",
)

_ELEMENT = re.compile(
    rb"[\x02\x08\x10\x18\x20\x28\xe0]\x00..(?=[A-Z]{2})|\xe0\x7f..(?=O[BW])", re.S
)
"""Tags of the groups that a reader looks at, in Explicit VR Little Endian."""

logger = logging.getLogger("fuzz_reader")


def mutate(content: bytes, draw: random.Random, mutate_bytes: Callable[[bytes], bytes]) -> bytes:
    """Change a file at one to three places.

    Args:
        content: of the file.
        draw: where from all chance comes.
        mutate_bytes: changes bytes of which nothing is known.
    """
    for _ in range(draw.choice((1, 1, 2, 3))):
        elements = [match.start() for match in _ELEMENT.finditer(content)]
        way = draw.choice(_WAYS) if elements else _mutate_part
        if way is _mutate_part:
            content = _mutate_part(content, draw, mutate_bytes)
        else:
            content = way(content, draw, elements)
    return content


def _mutate_part(
    content: bytes, draw: random.Random, mutate_bytes: Callable[[bytes], bytes]
) -> bytes:
    """Leave what comes before a place, and far behind it, as it is."""
    start = draw.randrange(len(content) + 1)
    end = min(len(content), start + draw.choice((8, 64, 1024, len(content))))
    return content[:start] + mutate_bytes(content[start:end]) + content[end:]


def _set_length(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    at, layout = _find_length(content, draw.choice(elements))
    length = draw.choice(LENGTHS) & (0xFFFF if layout == "<H" else 0xFFFFFFFF)
    return _put(content, at, struct.pack(layout, length))


def _set_number(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    at, layout = _find_length(content, draw.choice(elements))
    size = draw.choice((2, 4, 8))
    value = draw.choice((*LENGTHS, draw.getrandbits(64))) & ((1 << 8 * size) - 1)
    return _put(content, at + struct.calcsize(layout), value.to_bytes(size, "little"))


def _set_text(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    """Give an element of a short length another value, with the length that fits."""
    at, layout = _find_length(content, draw.choice(elements))
    start = at + struct.calcsize(layout)
    length = int.from_bytes(content[at:start], "little")
    if length > len(content):
        return content
    text = draw.choice(TEXTS)
    return content[:at] + struct.pack(layout, len(text)) + text + content[start + length :]


def _set_vr(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    return _put(content, draw.choice(elements) + 4, draw.choice(VRS))


def _cut(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    return content[: draw.choice((draw.choice(elements), draw.randrange(len(content))))]


def _drop(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    start = draw.choice(elements)
    following = [at for at in elements if at > start]
    return content[:start] + (content[following[0] :] if following else b"")


def _repeat(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    start = draw.choice(elements)
    end = start + draw.choice((8, 32, 256))
    return content[:start] + content[start:end] * draw.choice((2, 3, 100)) + content[end:]


def _flip_pixels(content: bytes, draw: random.Random, elements: list[int]) -> bytes:
    changed = bytearray(content)
    start = min(elements[-1] + 12, len(content) - 1)
    for _ in range(draw.choice((1, 4, 50))):
        changed[draw.randrange(start, len(content))] = draw.randrange(256)
    return bytes(changed)


_WAYS: tuple[Any, ...] = (
    _mutate_part,
    _set_length,
    _set_number,
    _set_text,
    _set_vr,
    _cut,
    _drop,
    _repeat,
    _flip_pixels,
)


def _find_length(content: bytes, element: int) -> tuple[int, str]:
    is_long = content[element + 4 : element + 6] in LONG_VRS
    return (element + 8, "<L") if is_long else (element + 6, "<H")


def _put(content: bytes, at: int, value: bytes) -> bytes:
    return content[:at] + value + content[at + len(value) :]


class Target:
    """Reads one input, and keeps each kind of finding once.

    Args:
        folder: for the input.
        findings: folder for what is found.
    """

    def __init__(self, folder: Path, findings: Path) -> None:
        self._path = folder / "input"
        self._findings = findings
        self._known: set[str] = set()

    def __call__(self, content: bytes) -> None:
        """Read it."""
        from pipeline.errors import ReadError

        self._path.write_bytes(content)
        started = time.perf_counter()
        try:
            _read(self._path)
        except ReadError as error:
            if "SECRET" in str(error):
                self._keep(content, f"quotes the file: {_find_place(error)}")
        except Exception as error:
            self._keep(content, f"{type(error).__name__} at {_find_place(error)}")
        seconds = time.perf_counter() - started
        if seconds > LONGEST_S:
            self._keep(content, f"{round(seconds)} s")

    def _keep(self, content: bytes, what: str) -> None:
        if what in self._known:
            return
        self._known.add(what)
        path = self._findings / f"{len(self._known):03d}.bin"
        path.write_bytes(content)
        logger.error("finding %s: %s", path, what)


def _read(path: Path) -> None:
    """Read the first and the last frame, and all that is told of the file."""
    from pipeline.readers.frame_reference import FrameReference
    from pipeline.readers.ultrasound_reader import UltrasoundReader

    reader = UltrasoundReader()
    source = reader.open(path)
    _ = source.identity, source.remarks
    for number in {1, source.frames} if source.frames > 1 else {None}:
        reader.get_data(FrameReference(path, number))


def _find_place(error: BaseException) -> str:
    """Say where an exception comes from, in this package and at all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/pipeline/" in frame.filename] or frames
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in (ours[-1], frames[-1])]
    return " <- ".join(dict.fromkeys(places))


def _replace_codecs(where: str) -> None:
    """Decode in this process, so that crashes are seen, or not at all, so that it is fast."""
    from pipeline.errors import ReadError
    from pipeline.readers.codec.codec_child import TASKS
    from pipeline.readers.codec.codec_worker import CodecWorker

    def call(self: CodecWorker, task: str, arguments: Any, payload: bytes = b"") -> Any:
        if where == "none":
            msg = "expected a codec, got none"
            raise ReadError(msg)
        module, function = TASKS[task].split(":")
        try:
            return getattr(import_module(module), function)(arguments, payload)
        except ReadError:
            raise
        except Exception as error:
            msg = f"expected pixels, got {type(error).__name__}"  # as the process would
            raise ReadError(msg) from error

    CodecWorker.call = call  # type: ignore[method-assign]


def _write_seeds(folder: Path) -> None:
    from bad_files import BAD_FILES, IMAGE
    from image_formats import FORMATS

    for number, form in enumerate(FORMATS.values()):
        form.write(folder / f"sound-{number:03d}{form.suffix}", IMAGE)
    for number, kind in enumerate(BAD_FILES):
        path = folder / f"bad-{number:03d}"
        if kind.in_run_only or kind.is_heavy:
            continue
        kind.write(path)
        if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST_SEED_BYTES:
            path.unlink()


def main() -> None:
    """Run until libFuzzer ends."""
    try:
        import atheris
    except ImportError as error:
        msg = "expected the package `atheris`: pip install atheris"
        raise SystemExit(msg) from error
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--codecs",
        choices=("child", "here", "none"),
        default="child",
        help="decode in a child process as always, in this one, or not at all",
    )
    parser.add_argument("--findings", type=Path, help="folder for findings, else a temporary one")
    args, options = parser.parse_known_args()
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    with atheris.instrument_imports(include=["pipeline.readers", "pydicom"]):
        import pipeline.readers.ultrasound_reader  # noqa: F401
    if args.codecs != "child":
        _replace_codecs(args.codecs)
    work = Path(tempfile.mkdtemp(prefix="fuzz-reader-"))
    findings = args.findings or work / "findings"
    for folder in (work / "seeds", work / "corpus", findings):
        folder.mkdir(parents=True, exist_ok=True)
    given = {option.split("=")[0] for option in options}
    options += [
        f"{name}={value}" for name, value in LIBFUZZER_DEFAULTS.items() if name not in given
    ]
    options.append(f"-artifact_prefix={findings}/")
    if not any(not option.startswith("-") for option in options):
        _write_seeds(work / "seeds")
        options += [str(work / "corpus"), str(work / "seeds")]

    def mutate_input(content: bytes, most: int, seed: int) -> bytes:
        def mutate_bytes(part: bytes) -> bytes:
            return bytes(atheris.Mutate(part, max(8, len(part) + 8)))

        return mutate(content, random.Random(seed), mutate_bytes)[:most]

    logger.error("findings go to %s", findings)
    target = Target(work, findings)
    atheris.Setup([sys.argv[0], *options], target, custom_mutator=mutate_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
