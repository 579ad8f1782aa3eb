"""Pages of the site that are not written below docs/, and the check that it needs no network."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import reference  # noqa: E402
from links import COPIED, NOTEBOOK, move_links  # noqa: E402

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preconnect|icon|preload))[^>]*"""
    r"""\bhref=["']?(?:https?:)?//[^"'\s>]+""",
    re.IGNORECASE,
)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made or copied, and the examples that pages link to."""
    texts = {
        "reference/commands.md": reference.write_commands(),
        "reference/config-keys.md": reference.write_config_keys(),
    }
    for name, source in COPIED.items():
        text = (ROOT / source).read_text("utf-8")
        if source == NOTEBOOK:
            texts[name] = reference.write_notebook(json.loads(text))
        else:
            texts[name] = _FRONT_MATTER.sub("", text)
    for name, text in texts.items():
        files.append(File.generated(config, name, content=text))
    for path in sorted((ROOT / "examples").rglob("*")):
        if path.is_file():
            name = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Point links to files of the repository at where these are in the site."""
    return move_links(markdown, page.file.src_uri)


def on_post_build(config: Any) -> None:
    """Refuse a site that would load anything from elsewhere.

    Raises:
        PluginError: a page does.
    """
    for page in sorted(Path(config["site_dir"]).rglob("*.html")):
        if found := _LOADED.search(page.read_text("utf-8")):
            msg = f"expected a site that loads nothing from elsewhere, {page.name} has {found[0]}"
            raise PluginError(msg)
