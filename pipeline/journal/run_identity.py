"""The identity of a run: everything that changes its results, in one place."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.inferers.model_identity import ModelIdentity

_PLACES = ("_meta_", "bundle_root", "dataset_dir", "output_dir", "ckpt", "progress")
"""Keys of a config that say where something is, or what is shown: not what comes out."""

_PARTS = ("shard", "orders", "files", "journal", "lock")
"""Keys that say which part of the images is done, and what is noted of it."""


@dataclass(frozen=True)
class RunIdentity:
    """Config, weights, program and backend; results of two runs may differ if one of them does.

    The images are not part of it, see `FileStamp`.

    Attributes:
        config: all of it as it was parsed, see `read_parsed_config`.
        model: name, version and weights.
        computed_by: what really computes the network, like the backend and its precision.
        weights: file of the weights; only its name is recorded.
        version: of this program.
    """

    config: Mapping[str, Any]
    model: ModelIdentity | None = None
    computed_by: str = ""
    weights: str = ""
    version: str = field(default=__version__)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of it all, in hexadecimal."""
        config = {key: value for key, value in self.config.items() if key not in _PLACES + _PARTS}
        if isinstance(config.get("dataset"), Mapping):
            config["dataset"] = {**config["dataset"], "files": None}
        config.pop("backend", None)  # what it came to counts, not what was asked for
        parts = [config, str(self.model), self.computed_by, self.version]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=repr).encode()).hexdigest()

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Keys at the top of the config that are plain values, none of them a folder."""
        weights = {"weights": Path(self.weights).name} if self.weights else {}
        return weights | {
            key: value
            for key, value in self.config.items()
            if key not in _PLACES + _PARTS and _is_plain(value)
        }


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return not value.startswith(("$", "@", "%"))
    if isinstance(value, Mapping):
        return "_target_" not in value and all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float))
