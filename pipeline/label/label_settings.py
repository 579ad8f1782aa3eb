"""How a server was started; it hands this to its child processes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.label.folder_studies import FolderStudies
from pipeline.label.label_store import LabelStore
from pipeline.label.shared_segmenter import SharedSegmenter
from pipeline.label.studies import Studies
from pipeline.label.weight_store import WeightStore
from pipeline.label.workbench import Workbench


@dataclass(frozen=True)
class LabelSettings:
    """Where studies, state, bundle and weights are.

    Attributes:
        studies: folder of images, or URL of a DICOMweb service.
        state: folder of labels, weights and the cache; outside of the studies.
        bundle_root: folder around ``configs/``.
        weights: to begin with; empty for those of the bundle.
        overrides: keys of ``configs/inference.json`` and their values.
    """

    studies: str
    state: str
    bundle_root: str
    weights: str = ""
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_remote(self) -> bool:
        """Whether the studies are in a DICOMweb archive."""
        return self.studies.startswith(("http://", "https://"))

    @property
    def original_weights(self) -> Path:
        """The weights to begin with."""
        return Path(self.weights or Path(self.bundle_root) / "models" / "model.pt")

    def to_json(self) -> str:
        """Write the settings as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "LabelSettings":
        """Read settings from text.

        Args:
            text: of `to_json`.
        """
        return cls(**json.loads(text))

    def open(self) -> Workbench:
        """Open the studies and labels; the network is loaded when it is first used.

        Raises:
            ConfigError: the studies do not exist, or the state lies inside of them.
            ArchiveError: the archive does not answer.
        """
        state = Path(self.state)
        segmenter = SharedSegmenter(
            Path(self.bundle_root),
            WeightStore(state / "weights", self.original_weights),
            self.overrides,
        )
        store = LabelStore(state / "labels")
        return Workbench(self._open_studies(), store, segmenter, state / "notes.json")

    def _open_studies(self) -> Studies:
        state = Path(self.state)
        if self.is_remote:
            from pipeline.label.dicomweb_studies import DicomwebStudies

            return DicomwebStudies.connect(self.studies, state / "cache")
        folder = Path(self.studies)
        if state.resolve().is_relative_to(folder.resolve()):
            msg = (
                f"expected labels outside of the studies, got {state} inside of {folder}: set "
                "--labels to another folder"
            )
            raise ConfigError(msg)
        return FolderStudies(folder, state / "uploads")
