"""Build the segmenter of ``configs/inference.json`` outside of a run."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser

from pipeline.errors import PipelineError, find_cause
from pipeline.segmenter import Segmenter
from pipeline.settings.as_data import as_data
from pipeline.settings.bundle_root import find_bundle_root, list_config_files
from pipeline.settings.check_config import check_config
from pipeline.settings.overrides import check_override, read_configs


def load_segmenter(
    bundle_root: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    configs: Sequence[Path] = (),
) -> Segmenter:
    """Build a segmenter; its weights are read when it computes first, or by ``model.load``.

    Args:
        bundle_root: folder around ``configs/`` and ``models/``; `None` finds it.
        settings: keys of the config and their new values, as data.
        configs: files to lay over the config.

    Raises:
        ConfigError: there is no such bundle.
        SettingError: a key is unknown, or a value does not fit.
    """
    root = find_bundle_root() if bundle_root is None else bundle_root
    files = [*list_config_files("inference", root), *configs]
    given = {"bundle_root": str(root), **(settings or {})}
    content = read_configs(files)
    for key, value in given.items():
        check_override("inference", content, key, value)
    parser = ConfigParser()
    parser.read_config([str(file) for file in files])
    parser.update({key: as_data(value) for key, value in given.items()})
    config = dict(parser.get())
    config.pop(ConfigParser.meta_key, None)
    check_config("inference", config)
    try:
        with _silence_gpu_codec():
            parser.get_parsed_content("imports")
            segmenter: Segmenter = parser.get_parsed_content("segmenter")
    except RuntimeError as error:
        cause = find_cause(error)
        if isinstance(cause, PipelineError):  # MONAI has wrapped it
            raise cause from error
        raise
    return segmenter


@contextmanager
def _silence_gpu_codec() -> Iterator[None]:
    """Let `LoadImaged` not warn of a missing decoder for GPUs, which nothing here calls."""
    logger = logging.getLogger("monai.data.nvimgcodec_pydicom_plugin")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*nvImageCodec.*", UserWarning)
            yield
    finally:
        logger.setLevel(level)
