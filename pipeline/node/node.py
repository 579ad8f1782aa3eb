"""The node: three loops with folders between them."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from pipeline.errors import PipelineError
from pipeline.get_logger import get_logger
from pipeline.journal.run_lock import RunLock
from pipeline.node.archive import make_archives
from pipeline.node.audit import Audit
from pipeline.node.commitments import Commitments
from pipeline.node.delete_old import delete_old
from pipeline.node.dicom_receiver import DicomReceiver
from pipeline.node.end_study import EndStudy
from pipeline.node.intake import Intake
from pipeline.node.make_worker import make_worker
from pipeline.node.node_config import NodeConfig
from pipeline.node.node_metrics import NodeMetrics
from pipeline.node.node_web import NodeWeb, make_node_app
from pipeline.node.processor import Processor
from pipeline.node.refused_error import RefusedError
from pipeline.node.sender import Sender
from pipeline.node.spool import Spool

logger = get_logger(__name__)

DRAIN_S = 60.0
"""Seconds for which the current work may end when the node is stopped."""

_PERIOD_S = 1.0
_DELETE_PERIOD_S = 60.0
_GIB = 1 << 30


class Node:
    """Receive, segment and send until it is closed.

    Nothing is held in memory that is not in a folder: a node that was killed goes on.

    Args:
        config: see `NodeConfig`.

    Raises:
        ConfigError: another node has the folder, an address is taken, or a file that the config
            names does not fit.
        WriteError: the folder cannot be written to.
    """

    def __init__(self, config: NodeConfig) -> None:
        self.config = config
        self.spool = Spool(config.folder)
        self._lock = RunLock(config.folder)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failing: dict[str, str] = {}
        pauses = [60 * minutes for minutes in config.retry_minutes]
        archives = make_archives(config)
        commitments = Commitments(config.folder / "commitments")
        self._commitments = commitments
        self._lock.__enter__()
        try:
            self.spool.clear_incoming()
            self.intake = Intake(self.spool, config.receive)
            end = EndStudy(self.spool, Audit(config.folder / "audit.jsonl"), self.intake.forget)
            self.worker = make_worker(config)
            self.processor = Processor(
                self.spool, self.worker, config.process, pauses, end.put_aside
            )
            self.sender = Sender(self.spool, config.rule, archives, commitments, pauses, end)
            self.metrics = NodeMetrics(self.spool, self.intake, self.processor, self.sender)
            self.web = self._make_web()
            self.receiver = DicomReceiver(config, self.intake, commitments.note)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        self._threads = [
            self._begin(self._receive_step, "receive"),
            self._begin(self._process_step, "process"),
            self._begin(self._send_step, "send"),
            self._begin(self._delete_step, "delete", _DELETE_PERIOD_S),
        ]

    def __enter__(self) -> "Node":
        """Be closed at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take nothing more, and let the current work end for a while."""
        self._stopping.set()
        end = time.monotonic() + DRAIN_S
        self.receiver.close()
        if self.web is not None:
            self.web.close()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self.processor.stop()
        self.worker.close()
        self._lock.__exit__(None, None, None)

    @property
    def folder(self) -> Path:
        """Folder of the queue."""
        return self.spool.root

    @property
    def web_port(self) -> int:
        """Port of health, metrics and STOW-RS; 0 without them."""
        return 0 if self.web is None else self.web.port

    def find_problems(self) -> dict[str, str]:
        """Say why the node cannot do its work, by its parts; empty if it can."""
        problems = {thread.name: "has ended" for thread in self._threads if not thread.is_alive()}
        if self._stopping.is_set():
            problems["node"] = "is being stopped"
        try:
            self.intake.check_room(new_study=True)
        except RefusedError as error:
            problems["room"] = str(error)
        return problems | self._failing

    def _make_web(self) -> NodeWeb | None:
        web = self.config.web
        if web is None:
            return None
        app = make_node_app(self.config, web, self.intake, self.metrics, self.find_problems)
        return NodeWeb(app, web)

    def _begin(
        self, step: Callable[[], bool], name: str, period_s: float = _PERIOD_S
    ) -> threading.Thread:
        thread = threading.Thread(
            target=self._repeat, args=(step, name, period_s), name=name, daemon=True
        )
        thread.start()
        return thread

    def _repeat(self, step: Callable[[], bool], name: str, period_s: float) -> None:
        """Do a step again and again; one that fails, as on a full disk, is done again later."""
        has_more = False
        while not self._stopping.wait(0.0 if has_more else period_s):
            try:
                has_more = step()
                self._failing.pop(name, None)
            except Exception as error:
                if self._stopping.is_set():
                    return
                has_more = False
                kind = type(error).__name__
                reason = str(error) if isinstance(error, (PipelineError, OSError)) else kind
                if self._failing.get(name) != reason:
                    logger.error("expected to %s, got %s: it is tried again", name, reason)
                self._failing[name] = reason

    def _receive_step(self) -> bool:
        self.intake.close_quiet()
        return False

    def _process_step(self) -> bool:
        reserve = self.config.receive.disk_reserve_gib * _GIB
        if self.spool.measure_free_bytes() < reserve / 2:
            msg = f"expected {self.config.receive.disk_reserve_gib / 2:g} GiB of free disk"
            raise OSError(msg)
        study = self.processor.step()
        if study is not None and study.record.counts:
            self.metrics.seconds.observe(study.record.seconds)
        return study is not None

    def _send_step(self) -> bool:
        self.sender.step()
        return False

    def _delete_step(self) -> bool:
        delete_old(self.spool, self.config.keep, self.intake.forget, time.time())
        self._commitments.remove_old()
        self.spool.remove_stale(time.time())
        return False
