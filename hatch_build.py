"""Put into the wheel what may have been made before: the web page, and a bill of materials."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SBOM = "build/breast-us-seg.cdx.json"


class SiteHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ``web/dist`` where `breast-us-seg web` looks for it, and a release's SBOM (PEP 770).

    `.github/workflows/release.yml` makes the latter of an environment with the program.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add both, if they are there.

        Args:
            version: of the build target.
            build_data: what is built of; it is changed.
        """
        site = Path(self.root, "web", "dist")
        if (site / "index.html").is_file():
            build_data["force_include"][str(site)] = "pipeline/_bundle/web/dist"
        if Path(self.root, _SBOM).is_file():
            build_data.setdefault("sbom_files", []).append(_SBOM)
