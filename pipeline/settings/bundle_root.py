"""Where the bundle is, and which config files make a run."""

from pathlib import Path

from pipeline.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]

_OVERLAYS = {"evaluate": ("inference", "evaluate")}
"""Configs that only hold what they change of another one, and all that make the run."""


def find_bundle_root() -> Path:
    """Find the bundle that belongs to this package.

    Returns:
        The folder around ``configs/``: a checkout or an unzipped bundle, else the copy that an
        installed wheel brings.

    Raises:
        ConfigError: neither is there.
    """
    for folder in (_PACKAGE.parent, _PACKAGE / "_bundle"):
        if (folder / "configs" / "inference.json").is_file():
            return folder
    msg = f"expected configs/ beside {_PACKAGE}, found none: set --bundle-root"
    raise ConfigError(msg)


def list_config_files(name: str, root: Path) -> list[Path]:
    """List the config files of a run; later ones win.

    Args:
        name: of the config.
        root: folder around ``configs/``.

    Raises:
        ConfigError: one of them does not exist.
    """
    files = [root / "configs" / f"{each}.json" for each in _OVERLAYS.get(name, (name,))]
    for file in files:
        if not file.is_file():
            msg = f"expected a config at {file}, found none: set --bundle-root"
            raise ConfigError(msg)
    return files
