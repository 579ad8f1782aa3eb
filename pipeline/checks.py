"""What is checked before an engine starts, so that a slip costs a second and not a night.

The configs name these functions as the first step of ``run``. They end the process with one
line instead of raising, as MONAI would wrap an exception in pages of its own traceback.
"""

import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch

from pipeline.check_folders import check_input, check_output
from pipeline.errors import ConfigError
from pipeline.hash_file import hash_file

SIZE_MULTIPLE = 32
"""Of rows and columns that the network takes: it halves them five times."""

_RUN_OPTIONS = {
    "args_file",
    "config_file",
    "final_id",
    "init_id",
    "logging_file",
    "meta_file",
    "run_id",
    "tracking",
}
"""Options of `monai.bundle run` itself."""

_SWITCH_VALUES = {"True", "False", "true"}
"""What may follow a switch: Python's words, and the one text that means what it says."""


def check_inference(dataset_dir: str, output_dir: str, ckpt: str, network: torch.nn.Module) -> None:
    """Check an inference run.

    Args:
        dataset_dir: folder of images, or one image.
        output_dir: folder of the results; need not exist.
        ckpt: weights.
        network: what they are for.

    Raises:
        SystemExit: an override is unknown, something is missing, output and input are one,
            results cannot be written, or the weights are damaged or do not fit.
    """
    check_overrides(sys.argv)
    source = Path(dataset_dir)
    if source.resolve() == Path(output_dir).resolve():
        _refuse(f"expected --output_dir to differ from --dataset_dir, both are {source}")
    try:
        check_input(source)
        check_output(Path(output_dir))
    except ConfigError as error:
        _refuse(str(error))
    check_weights(ckpt, network)


def check_training(
    datalist: str,
    dataset_dir: str,
    output_dir: str,
    resume: bool,
    ckpt: str,
    network: torch.nn.Module,
) -> None:
    """Check a training run.

    Args:
        datalist: JSON file of `breast-us-seg prepare`.
        dataset_dir: folder that its paths are relative to.
        output_dir: folder of the training.
        resume: whether it goes on with ``last.pt`` of that folder.
        ckpt: weights to start from, empty for none.
        network: what they are for.

    Raises:
        SystemExit: an override is unknown, the datalist lacks something, there is nothing to
            resume, or the weights are missing, damaged or do not fit.
    """
    check_overrides(sys.argv)
    check_datalist(datalist, dataset_dir, ("training",))
    if ckpt:
        check_weights(ckpt, network)
    last = Path(output_dir) / "last.pt"
    if resume and not last.is_file():
        _refuse(f"expected a training to resume at {last}, found none: start without resume")


def check_evaluation(
    datalist: str, dataset_dir: str, split: str, ckpt: str, network: torch.nn.Module
) -> None:
    """Check an evaluation run.

    Args:
        datalist: JSON file of `breast-us-seg prepare`.
        dataset_dir: folder that its paths are relative to.
        split: its list that is scored.
        ckpt: weights.
        network: what they are for.

    Raises:
        SystemExit: an override is unknown, the datalist lacks something, or the weights are
            missing, damaged or do not fit.
    """
    check_overrides(sys.argv)
    check_datalist(datalist, dataset_dir, (split,))
    check_weights(ckpt, network)


def check_image_size(image_size: Sequence[int]) -> None:
    """Check the size that images are brought to before the network sees them.

    Args:
        image_size: height and width, px.

    Raises:
        SystemExit: they are not two multiples of `SIZE_MULTIPLE`.
    """
    sizes = list(image_size)
    if len(sizes) != 2 or any(size <= 0 or size % SIZE_MULTIPLE for size in sizes):
        _refuse(
            f"expected image_size as height and width, multiples of {SIZE_MULTIPLE}, got {sizes}"
        )


def check_datalist(datalist: str, dataset_dir: str, splits: Sequence[str]) -> None:
    """Check that the images of a datalist are there.

    Args:
        datalist: JSON file of `breast-us-seg prepare`.
        dataset_dir: folder that its paths are relative to.
        splits: its lists that the run needs, none of them empty.

    Raises:
        SystemExit: the datalist is missing or empty, or one of its files is gone.
    """
    path = Path(datalist)
    if not path.is_file():
        _refuse(
            f"expected a datalist at {path}, found none: make one with `breast-us-seg prepare`, "
            "or set --dataset_dir to its folder"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        _refuse(f"expected JSON in {path}, got {error}")
    for split in splits:
        items = content.get(split) if isinstance(content, dict) else None
        if not items:
            _refuse(f"expected images in the list {split!r} of {path}, found none")
        missing = next(_missing_files(items, Path(dataset_dir)), None)
        if missing is not None:
            _refuse(f"expected the file {missing}, named in {path}: run prepare again")


def check_weights(ckpt: str, network: torch.nn.Module) -> None:
    """Check that weights are there, unharmed and of this network.

    Args:
        ckpt: a plain state_dict; if a ``.sha256`` file lies beside it, its hash must agree.
        network: what they are for.

    Raises:
        SystemExit: they are missing, damaged or do not fit.
    """
    path = Path(ckpt)
    if not path.is_file():
        _refuse(
            f"expected weights at {path}, found none: set --bundle_root to the bundle's folder, "
            "or --ckpt to a file of weights"
        )
    expected = path.with_name(path.name + ".sha256")
    if expected.is_file() and expected.read_text().split()[:1] != [hash_file(path)]:
        _refuse(f"expected {path} to have the hash in {expected.name}: it is damaged or replaced")
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        shapes = {name: value.shape for name, value in weights.items()}
    except Exception as error:  # torch lets out whatever the damage leads to
        _refuse(f"expected a state_dict in {path}, got {type(error).__name__} when loading it")
    if shapes != {name: value.shape for name, value in network.state_dict().items()}:
        _refuse(f"expected weights of the config's network_def in {path}, got those of another")


def check_overrides(argv: Sequence[str]) -> None:
    """Check that every ``--name value`` of a `monai.bundle run` makes sense; MONAI takes any.

    Args:
        argv: the command line; one of another program is not looked at.

    Raises:
        SystemExit: a name is neither in the config nor an option of `monai.bundle run`, or a
            switch gets a text that MONAI would pass on as a string, which always counts as true.
    """
    options = _parse_options(argv)
    if not _is_bundle_run(argv) or "config_file" not in options:
        return
    config = _read_configs(options["config_file"])
    known = _RUN_OPTIONS | set(config)
    for name, value in options.items():
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), 1)
            hint = f": did you mean --{close[0]}?" if close else ""
            _refuse(f"--{name} is not in {options['config_file']}{hint}")
        if isinstance(config.get(name), bool) and value not in _SWITCH_VALUES:
            _refuse(f"expected --{name} True or --{name} False, got {value!r}")


def _is_bundle_run(argv: Sequence[str]) -> bool:
    return len(argv) > 1 and Path(argv[0]).parts[-2:] == ("bundle", "__main__.py")


def _parse_options(argv: Sequence[str]) -> dict[str, str]:
    """Map the first part of each ``--a#b value`` or ``--a=value`` to its value."""
    options: dict[str, str] = {}
    for position, word in enumerate(argv):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if not equals:
            following = argv[position + 1 : position + 2]
            value = "True" if not following or following[0].startswith("--") else following[0]
        options[re.split("#|::", name)[0].replace("-", "_")] = value
    return options


def _read_configs(config_file: str) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name in re.findall(r"[^\[\]'\",\s]+", config_file):
        config |= json.loads(Path(name).read_text(encoding="utf-8"))
    return config


def _missing_files(items: Sequence[dict[str, Any]], folder: Path) -> Iterator[Path]:
    for item in items:
        for key in ("image", "label"):
            path = folder / item[key]
            if not path.is_file():
                yield path


def _refuse(message: str) -> NoReturn:
    raise SystemExit(f"error: {message}")
