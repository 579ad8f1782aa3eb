"""Links of pages, from places in the repository to places in the site."""

import os
import posixpath
import re

NOTEBOOK = "docs/notebooks/segment.ipynb"

COPIED = {
    "tutorials/notebook.md": NOTEBOOK,
    "model-card.md": "bundle/README.md",
    "security.md": "SECURITY.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
"""Pages that are made of another file: place in the site to place in the repository."""

_LINK = re.compile(r"(\]\()([^)#\s:]+)(#[^)\s]*)?(\))")


def move_links(markdown: str, name: str) -> str:
    """Change the relative links of a page.

    Args:
        markdown: the page.
        name: where it is in the site.

    Returns:
        The page; a link to a file that the site does not have stays, so that the build fails.
    """
    source = COPIED.get(name, f"docs/{name}")
    pages = {place: page for page, place in COPIED.items()} | {"README.md": "index.md"}

    def move(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        if source == "bundle/README.md":
            target = target.removeprefix("bundle/")  # the bundle has README and pictures in docs/
        if target in pages and target != source:
            target = pages[target]
        elif target.startswith("docs/"):
            target = target.removeprefix("docs/")
        elif not target.startswith("examples/"):
            return match[0]
        there = os.path.relpath(target, posixpath.dirname(name) or ".").replace(os.sep, "/")
        return f"{match[1]}{there}{match[3] or ''}{match[4]}"

    return _LINK.sub(move, markdown)
