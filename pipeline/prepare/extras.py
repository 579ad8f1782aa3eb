"""Packages that only the work with data sets needs."""

from importlib import import_module
from types import ModuleType

from pipeline.errors import ConfigError


def import_extra(name: str) -> ModuleType:
    """Import a package of the extra `datasets`.

    Returns:
        The module.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        msg = (
            f"expected the package {name}, found none: install the extra `datasets` "
            "(pip install '.[datasets]' from the sources)"
        )
        raise ConfigError(msg) from error
