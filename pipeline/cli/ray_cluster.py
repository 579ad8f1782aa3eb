"""What `infer --ray` runs on."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from pipeline.atomic import name_process
from pipeline.cli.shard_worker import decode_arguments, do_shard
from pipeline.errors import ConfigError
from pipeline.shards.count_cores import WORKER_BYTES, count_workers
from pipeline.shards.ray_worker import RayWorker

LOCAL = "local"
_STORE_BYTES = 80 << 20
"""Of Ray's object store, which takes no less; only names and counts pass through it."""


class ShardActor:
    """Does shards in a process of Ray.

    Args:
        setup: by `encode_arguments`.
    """

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self._args = decode_arguments(dict(setup))

    def name(self) -> str:
        """Give the name of the process."""
        return name_process()

    def run(self, task: Mapping[str, str]) -> dict[str, Any]:
        """Do a shard.

        Args:
            task: ``shard`` and ``orders``.

        Returns:
            As a process of `infer --workers` answers.
        """
        from pipeline.cli.console import open_console

        with open_console(self._args):
            return do_shard(self._args, **task)


class RayCluster:
    """A cluster of Ray that this process is connected to.

    Attributes:
        workers: how many processes fit, one a core.

    Args:
        ray: the module.
        workers: how many are wanted; `None` for as many as fit.
    """

    def __init__(self, ray: ModuleType, workers: int | None) -> None:
        self._ray = ray
        self.workers = _count_places(ray) if workers is None else workers

    def start(self, setup: Mapping[str, Any]) -> RayWorker:
        """Start a process; where there is no room for it yet, its first task waits.

        Args:
            setup: by `encode_arguments`.
        """
        remote = self._ray.remote(
            num_cpus=1, memory=WORKER_BYTES, max_restarts=0, max_task_retries=0
        )
        return RayWorker(remote(ShardActor).remote(dict(setup)))


@contextmanager
def join_ray(address: str, workers: int | None) -> Iterator[RayCluster]:
    """Connect to a cluster, or start one on this computer, and leave it at the end.

    Args:
        address: ``auto`` for the cluster that this computer is in, ``HOST:PORT``, or ``local``.
        workers: how many processes are wanted; `None` for as many as fit.

    Raises:
        ConfigError: Ray is not installed, or there is no cluster.
    """
    # Before the import: Ray would report to its makers.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        msg = "--ray: expected Ray to be installed: python -m pip install 'breast-us-seg[ray]'"
        raise ConfigError(msg) from error
    options: dict[str, Any] = {"address": address}
    if address == LOCAL:
        workers = workers or count_workers()
        options |= {
            "num_cpus": workers,
            "_memory": workers * WORKER_BYTES,
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
    try:
        ray.init(logging_level="warning", **options)
    except Exception as error:  # Ray raises that itself where it does not come up in time
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        msg = f"--ray: expected a cluster at {address!r}, got: {reason}"
        raise ConfigError(msg) from error
    try:
        yield RayCluster(ray, workers)
    finally:
        ray.shutdown()


def _count_places(ray: ModuleType) -> int:
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    places = [min(node.get("CPU", 0), node.get("memory", 0) // WORKER_BYTES) for node in nodes]
    return max(1, int(sum(map(int, places))))
