"""Checks before an engine starts, so that a slip costs a second and not a night.

The configs name these functions as the first steps of a run. They end the process with one line
instead of raising, as MONAI would wrap an exception in pages of its own traceback.
"""

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec

import torch

from pipeline.check_paths import check_datalist, check_output_dir, check_places
from pipeline.errors import ConfigError, Refusal, SettingError
from pipeline.get_logger import get_logger
from pipeline.inferers.model import Model
from pipeline.parsed_config import read_parsed_config
from pipeline.settings.check_config import check_config

logger = get_logger(__name__)

_Arguments = ParamSpec("_Arguments")


def _ends_run(check: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    @functools.wraps(check)
    def check_or_end(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            check(*args, **kwargs)
        except ConfigError as error:
            raise Refusal(error) from None

    return check_or_end


@_ends_run
def check_settings(config: str) -> None:
    """Check names and values of all keys of the config that names this function.

    Args:
        config: its name, without suffix.

    Raises:
        SystemExit: a key is unknown, or a value does not fit.
    """
    check_config(config, read_parsed_config())


@_ends_run
def check_inference(dataset_dir: str, output_dir: str, model: Model) -> None:
    """Check an inference run.

    Args:
        dataset_dir: folder of images, or one image.
        output_dir: folder of the results; need not exist.
        model: is loaded.

    Raises:
        SystemExit: something is missing, output and input are one, results cannot be written, or
            the weights are damaged or do not fit.
    """
    check_places(dataset_dir, output_dir)
    _load(model)


@_ends_run
def check_training(
    datalist: str,
    dataset_dir: str,
    output_dir: str,
    resume: bool,
    ckpt: str,
    network: torch.nn.Module,
    device: torch.device | str = "cpu",
) -> None:
    """Check a training run, and log what it is going to do.

    Args:
        datalist: JSON file of `breast-us-seg prepare`.
        dataset_dir: folder that its paths are relative to.
        output_dir: folder of the training.
        resume: whether it goes on with ``last.pt`` of that folder.
        ckpt: weights to start from, empty for none.
        network: what they are for.
        device: where it is trained.

    Raises:
        SystemExit: the datalist lacks something, there is nothing to resume, or the weights are
            missing, damaged or do not fit.
    """
    check_datalist(datalist, dataset_dir, ("training",))
    check_output_dir(output_dir)
    if ckpt:
        check_weights(ckpt, network)
    last = Path(output_dir) / "last.pt"
    if resume and not last.is_file():
        raise SettingError("resume", f"expected a training at {last}, found none: start without it")
    lists = json.loads(Path(datalist).read_text(encoding="utf-8"))
    logger.info(
        "reading %d images to train on and %d to validate, then training %s on %s",
        *(len(lists.get(name, ())) for name in ("training", "validation")),
        type(network).__name__,
        device,
    )


@_ends_run
def check_evaluation(
    datalist: str,
    dataset_dir: str,
    output_dir: str,
    split: str,
    model: Model,
) -> None:
    """Check an evaluation run.

    Args:
        datalist: JSON file of `breast-us-seg prepare`.
        dataset_dir: folder that its paths are relative to.
        output_dir: folder of the report.
        split: its list that is scored.
        model: is loaded.

    Raises:
        SystemExit: the datalist lacks something, or the weights are missing, damaged or do not
            fit.
    """
    check_datalist(datalist, dataset_dir, (split,))
    check_output_dir(output_dir)
    _load(model)


@_ends_run
def clear_output(
    output_dir: str,
    names: Sequence[str],
    overwrite: bool,
    resume: bool = False,
    ckpt: str = "",
) -> None:
    """Keep what another run has written, or remove it if that is wanted.

    It is removed at once, as it would be taken for results of this run if that is killed.

    Args:
        output_dir: folder of the run.
        names: files in it that the run writes.
        overwrite: whether to remove them.
        resume: whether the run goes on with them.
        ckpt: what the run starts from, which must not be among them.

    Raises:
        SystemExit: one of them is there, and neither is wanted.
    """
    found = [path for name in names if (path := Path(output_dir) / name).exists()]
    if not found or resume:
        return
    if not overwrite:
        problem = f"expected a folder without results, got {found[0]}: choose another one, or "
        raise SettingError("output_dir", f"{problem}overwrite them by --overwrite")
    if ckpt and any(path.samefile(ckpt) for path in found):
        problem = f"expected other weights than {ckpt}, which would be overwritten"
        raise SettingError("ckpt", problem)
    for path in found:
        try:
            path.unlink()
        except OSError as error:
            problem = f"expected to replace {path}, got {error.strerror}"
            raise SettingError("output_dir", problem) from error


def check_weights(ckpt: str, network: torch.nn.Module) -> None:
    """Check that weights exist, are intact and fit this network.

    Args:
        ckpt: a plain state_dict; if a ``.sha256`` file lies beside it, its hash must agree.
        network: what they are for.

    Raises:
        SettingError: they are missing, damaged, no numbers, or do not fit.
    """
    Model(ckpt, network).read_state()


def _load(model: Model) -> None:
    """Load a model, and log what it is and what computes it."""
    model.load()
    identity = model.identity
    logger.info(
        "%s %s, weights %s (%s), computed by %s",
        *(identity.name, identity.version, model.path.name, identity.weights_sha256[:12]),
        model.computed_by,
    )
