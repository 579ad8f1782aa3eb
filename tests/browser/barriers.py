"""What axe-core finds on a page."""

from importlib.resources import files
from typing import Any

from browser.chromium import Chromium

AXE = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")


def find_barriers(page: Chromium) -> list[Any]:
    """List the violations: rule, impact, and the elements."""
    page.settle()
    page.run(f"{AXE};0")
    return page.run(
        "axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) =>"
        "[id, impact, nodes.map((node) => node.html.slice(0, 200))]))"
    )
