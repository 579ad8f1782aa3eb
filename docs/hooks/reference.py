"""Pages that say what the program itself knows: its commands and its settings."""

import os
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from pipeline.cli.config import CONFIGS, describe_keys
from pipeline.cli.main import COMMANDS, list_parsers

_NOTEBOOK_HEAD = (
    "The same as a [notebook](../notebooks/segment.ipynb) to run, in JupyterLab or an editor."
)


def write_commands() -> str:
    """Write the page of commands: what `--help` prints."""
    parts = [
        "# Commands\n",
        "What `breast-us-seg COMMAND --help` prints. The exit code is 0 for success, 1 if the "
        "command could not run, 2 if some files failed, no image could be read or the arguments "
        "are wrong, and 129, 130 or 143 after SIGHUP, Ctrl-C or SIGTERM.\n",
    ]
    with patch.dict(os.environ, {"COLUMNS": "88"}):
        parsers = list_parsers()
        for name in COMMANDS:
            parts.append(f"## {name}\n\n```text\n{parsers[name].format_help()}```\n")
    return "\n".join(parts)


def write_config_keys() -> str:
    """Write the page of the keys of `--set`."""
    parts = [
        "# Keys of the configs\n",
        "Each is set by `--set KEY=VALUE` of the command, or `--KEY VALUE` of "
        "`monai.bundle run`; a key of a group by `KEY#NAME`, as in "
        "`--set outputs#seg=false`. In Python, `Segmenter.load(KEY=VALUE)` takes those of "
        "`infer`. `breast-us-seg config infer` prints the same.\n",
    ]
    for command in CONFIGS:
        parts.append(f"## {command}\n")
        rows = ["| key | meaning | value | default |", "|---|---|---|---|"]
        for key in describe_keys(command):
            cells = (f"`{key.name}`", key.meaning, key.expected, f"`{key.default_text}`")
            rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def write_notebook(notebook: Mapping[str, Any]) -> str:
    """Write a notebook, as parsed JSON, as a page."""
    parts: list[str] = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"]).rstrip()
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        if len(parts) == 1:
            parts.append(_NOTEBOOK_HEAD)
    return "\n\n".join(parts) + "\n"
