"""What all shards of a run have in common."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pipeline.atomic import write_once
from pipeline.errors import ConfigError
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.journal.run_identity import RunIdentity
from pipeline.results.writer import Writer
from pipeline.shards.read_state import read_state
from pipeline.shards.shard_folder import ShardFolder
from pipeline.writers.coco_json import CocoJson
from pipeline.writers.html_report import HtmlReport
from pipeline.writers.lesions_table import LesionsTable
from pipeline.writers.run_manifest import RunManifest

_KINDS = (LesionsTable, CocoJson, HtmlReport, RunManifest)


@dataclass(frozen=True)
class RunRecord:
    """Is written by the first process of a run; the others compare.

    Attributes:
        fingerprint: of settings, weights, version, backend and precision, see `RunIdentity`.
        settings: what changes the results, by name.
        computed_by: backend, precision and device.
        facts: by `RunManifest.describe`.
        tables: kinds of the files of the whole run, in their order.
        title: of the report.
        started: when the first shard began, in ISO 8601.
    """

    fingerprint: str
    settings: Mapping[str, Any]
    computed_by: str
    facts: Mapping[str, Any]
    tables: Sequence[str]
    title: str
    started: str

    @classmethod
    def of(cls, identity: RunIdentity, writers: Sequence[Writer]) -> "RunRecord":
        """Describe the run of this process.

        Raises:
            ConfigError: a table cannot be written by `merge_shards`.
        """
        tables = [writer for writer in writers if writer.path is not None]
        for table in tables:
            if type(table) not in _KINDS:
                known = ", ".join(kind.__name__ for kind in _KINDS)
                msg = f"expected tables of {known} in a run in shards, got {type(table).__name__}"
                raise ConfigError(msg)
        manifests = [table for table in tables if isinstance(table, RunManifest)]
        if not manifests:
            msg = "expected RunManifest among the writers of a run in shards, found none"
            raise ConfigError(msg)
        titles = [table.title for table in tables if isinstance(table, HtmlReport)]
        return cls(
            fingerprint=identity.fingerprint,
            settings=dict(identity.settings),
            computed_by=identity.computed_by,
            facts=manifests[0].describe(),
            tables=[type(table).__name__ for table in tables],
            title=titles[0] if titles else "",
            started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    @classmethod
    def read(cls, folder: ShardFolder) -> "RunRecord | None":
        """Read that of a folder.

        Returns:
            The record, `None` if no shard was begun.

        Raises:
            ConfigError: it is damaged.
        """
        content = read_state(folder.record)
        if content is None:
            return None
        try:
            return cls(**{field.name: content[field.name] for field in fields(cls)})
        except KeyError as error:
            msg = f"expected a record of a run in {folder.record}, got something else"
            raise ConfigError(msg) from error

    def agree(self, folder: ShardFolder) -> None:
        """Be the first, or of the same settings, weights and versions as the first one.

        Raises:
            ConfigError: this process would give other results.
        """
        write_once(folder.record, json.dumps(asdict(self)).encode() + b"\n")
        first = RunRecord.read(folder)
        if first is None:
            msg = f"expected {folder.record} to stay, it was removed: run again"
            raise ConfigError(msg)
        differences = list(self._compare(first))
        if differences:
            msg = (
                f"expected the same run as that of the other shards in {folder.path}, got "
                f"{'; '.join(differences)}: choose the same, or another folder for the results"
            )
            raise ConfigError(msg)

    def list_writers(self, output_dir: Path) -> list[Writer]:
        """Make the writers of the whole run's files, all but the manifest."""
        name, version, weights = (
            self.facts[key] for key in ("model", "model_version", "weights_sha256")
        )
        model = ModelIdentity(name, version, weights)
        writers: dict[str, Writer] = {
            "LesionsTable": LesionsTable(output_dir),
            "CocoJson": CocoJson(output_dir),
            "HtmlReport": HtmlReport(output_dir, title=self.title, model=model),
        }
        return [writers[name] for name in self.tables if name in writers]

    def _compare(self, first: "RunRecord") -> Any:
        mine, others = self.facts, first.facts
        for name in ("weights_sha256", "model_version"):
            if mine[name] != others[name]:
                yield f"{name} {mine[name][:12]} in place of {others[name][:12]}"
        if self.computed_by != first.computed_by:
            yield f"{self.computed_by} in place of {first.computed_by}"
        for name in sorted(mine["software"] | others["software"]):
            here, there = mine["software"].get(name), others["software"].get(name)
            if here != there:
                yield f"{name} {here} in place of {there}"
        for name in sorted({*self.settings, *first.settings}):
            here, there = str(self.settings.get(name)), str(first.settings.get(name))
            if here != there:
                yield f"{name} {here} in place of {there}"
        if self.fingerprint != first.fingerprint or self.tables != first.tables:
            yield "another config"
