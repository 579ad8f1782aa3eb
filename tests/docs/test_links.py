"""Relative links of all pages lead to a file, and to a heading that it has."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
    ),
    *sorted((ROOT / "docs").rglob("*.md")),
]

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def list_anchors(page: Path) -> set[str]:
    """Give the anchors of the headings of a page, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_CODE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in list_anchors(target)):
            broken.append(link)
    assert broken == []


def test_links_are_moved_into_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "hooks"))
    sys.modules.pop("links", None)
    from links import move_links

    page = (
        "[a](../../SECURITY.md) [b](../label.md#start) [c](../../examples/slurm.sbatch) "
        "[d](https://example.org/x) [e](#here) [f](../notebooks/segment.ipynb) [g](../../setup.py)"
    )
    assert move_links(page, "how-to/x.md") == (
        "[a](../security.md) [b](../label.md#start) [c](../examples/slurm.sbatch) "
        "[d](https://example.org/x) [e](#here) [f](../tutorials/notebook.md) [g](../../setup.py)"
    )
    assert move_links("![x](docs/failures.png)", "model-card.md") == "![x](failures.png)"
    assert move_links("[x](docs/label.md)", "security.md") == "[x](label.md)"
