"""Read the small JSON files of a run in shards."""

import json
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError


def read_state(path: Path) -> dict[str, Any] | None:
    """Read a JSON object.

    Returns:
        Its content, `None` if there is no such file.

    Raises:
        ConfigError: it cannot be read, or is damaged.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        msg = f"expected JSON in {path}, got {type(error).__name__}: remove that file"
        raise ConfigError(msg) from error
    if not isinstance(content, dict):
        msg = f"expected a JSON object in {path}, got {type(content).__name__}"
        raise ConfigError(msg)
    return content
