"""The whole config of a run, for a component of it."""

import sys
from copy import deepcopy
from types import FrameType
from typing import Any

from monai.bundle import ConfigParser
from monai.bundle.reference_resolver import ReferenceResolver

from pipeline.errors import ConfigError


def read_parsed_config() -> dict[str, Any]:
    """Return the config that is being resolved, with all overrides in it.

    To be named as a ``_target_`` in that config. MONAI hands a component only what its own section
    refers to, so the resolver is looked for among the callers.

    Returns:
        A copy of the config as it was parsed, without its metadata: references and expressions are
        still texts.

    Raises:
        ConfigError: no config is being resolved.

    Examples:
        >>> from monai.bundle import ConfigParser
        >>> whole = {"_target_": "pipeline.parsed_config.read_parsed_config"}
        >>> ConfigParser({"a": 1, "whole": whole}).get_parsed_content("whole")["a"]
        1
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        resolver = frame.f_locals.get("self")
        if isinstance(resolver, ReferenceResolver):
            config: dict[str, Any] = deepcopy(resolver.items[""].get_config())
            config.pop(ConfigParser.meta_key, None)
            return config
        frame = frame.f_back
    msg = "expected to be called while a config is resolved, got another caller"
    raise ConfigError(msg)
