"""What a destination can do."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from pipeline.node.node_config import DicomDestination, NodeConfig


class Archive(Protocol):
    """A destination of results."""

    commits: bool
    """Whether it is asked for storage commitment."""

    def store(self, paths: Sequence[Path]) -> Iterator[Path]:
        """Send objects, and yield each that was taken.

        Raises:
            DeliveryError: it does not take one, or does not answer.
        """

    def check(self) -> None:
        """Ask whether it is there.

        Raises:
            DeliveryError: it is not.
        """

    def ask_commitment(self, paths: Sequence[Path], transaction: str) -> None:
        """Ask it to commit itself to keep objects; its answer comes later.

        Raises:
            DeliveryError: it does not take the request, or does not answer.
        """


def make_archives(config: NodeConfig) -> dict[str, Archive]:
    """Make the destinations of a config.

    Returns:
        Each by its name.

    Raises:
        ConfigError: a file that one names is missing or does not fit.
    """
    from pipeline.node.dicom_archive import DicomArchive
    from pipeline.node.web_archive import WebArchive

    archives: dict[str, Archive] = {}
    for each in config.destination:
        if isinstance(each, DicomDestination):
            archives[each.name] = DicomArchive(each, config.receive.aet)
        else:
            archives[each.name] = WebArchive(each)
    return archives
