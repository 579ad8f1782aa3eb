"""Read a password or a token from its file."""

from pathlib import Path

from pipeline.errors import ConfigError


def read_secret(path: Path) -> str:
    """Read a password or a token, the first line of a file.

    Raises:
        ConfigError: it cannot be read, or is empty.
    """
    try:
        secret = (path.read_text("utf-8").splitlines() or [""])[0].strip()
    except (OSError, ValueError) as error:
        msg = f"expected a password or a token in {path}, got {type(error).__name__}"
        raise ConfigError(msg) from error
    if not secret:
        msg = f"expected a password or a token in {path}, got an empty line"
        raise ConfigError(msg)
    return secret
