"""Read the config of a node."""

import ipaddress
import json
import sys
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.node.node_config import NodeConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_node_config(path: Path) -> NodeConfig:
    """Read and check a config.

    Args:
        path: TOML; files that it names are relative to its folder.

    Raises:
        ConfigError: it cannot be read, or something in it does not fit.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"expected a config in TOML at {path}, got {type(error).__name__}: {error}"
        raise ConfigError(msg) from error
    from pydantic import TypeAdapter, ValidationError

    adapter: TypeAdapter[NodeConfig] = TypeAdapter(NodeConfig)
    try:
        # In JSON there are no paths and tuples, so texts and lists are taken for them.
        config = adapter.validate_json(json.dumps(_resolve(table, path.parent), default=str))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        msg = f"expected another value in {path} at {place}, got: {first['msg']}"
        raise ConfigError(msg) from error
    _check(config, path)
    return config


_PATHS = ("folder", "bundle_root", "certificate", "key", "ca", "token_file", "password_file")


def _resolve(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_resolve(each, folder) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(folder.resolve() / each)
        if name in _PATHS and isinstance(each, str)
        else each
        if name == "set"
        else _resolve(each, folder)
        for name, each in value.items()
    }


def _check(config: NodeConfig, path: Path) -> None:
    sources = [each.name for each in config.source]
    names = [each.name for each in config.destination]
    _refuse(_find_repeated(sources), path, "source", "names that differ")
    _refuse(_find_repeated(names), path, "destination", "names that differ")
    _refuse(
        _find_repeated([each.aet for each in config.source if each.aet]),
        *(path, "source", "AE titles that differ"),
    )
    for rule in config.rule:
        wrong = next((name for name in rule.to if name not in names), None)
        _refuse(wrong, path, "rule.to", f"names of destinations ({', '.join(names) or 'none'})")
        if rule.source is not None and rule.source not in sources:
            _refuse(rule.source, path, "rule.source", f"the name of a source ({sources})")
    if any((config.rule[-1].source, config.rule[-1].called, config.rule[-1].modality)):
        _refuse("a condition", path, "rule", "a last rule that fits everything")
    for source in config.source:
        for address in source.addresses:
            try:
                ipaddress.ip_network(address)
            except ValueError:
                _refuse(address, path, "source.addresses", "an address or a network")
        if source.aet and not source.addresses:
            _refuse("none", path, "source.addresses", f"addresses from which {source.aet} calls")
        if not source.aet and not source.token_file:
            _refuse(source.name, path, "source", "an aet or a token_file for each")
    for tls in (config.receive.tls, config.web.tls if config.web else None):
        if tls is not None and not (tls.certificate and tls.key):
            _refuse("none", path, "tls", "a certificate and a key for a server")


def _find_repeated(names: list[str]) -> str | None:
    return next((name for name in names if names.count(name) > 1), None)


def _refuse(found: str | None, path: Path, place: str, expected: str) -> None:
    if found is not None:
        msg = f"expected {expected} in {path} at {place}, got {found!r}"
        raise ConfigError(msg)
