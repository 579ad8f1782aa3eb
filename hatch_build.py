"""Put the built web page into the wheel, if it was built."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SiteHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ``web/dist`` where `breast-us-seg web` looks for it in an installed wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folder.

        Args:
            version: of the build target.
            build_data: what is built of; it is changed.
        """
        site = Path(self.root, "web", "dist")
        if (site / "index.html").is_file():
            build_data["force_include"][str(site)] = "pipeline/_bundle/web/dist"
