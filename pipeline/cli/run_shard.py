"""Run one shard, and pack it if that is wanted."""

import argparse

from pipeline.cli.run_inference import run_inference
from pipeline.journal.run_journal import FAILED_EXIT_CODE
from pipeline.settings.bundle_root import find_bundle_root, list_config_files
from pipeline.shards.orders import Orders
from pipeline.shards.pack_shard import pack_shard
from pipeline.shards.shard import Shard


def run_shard(args: argparse.Namespace, shard: Shard, orders: str = "") -> int:
    """Run ``shard.json`` over ``inference.json``.

    Args:
        args: of `infer`.
        shard: of the plan.
        orders: of a supervisor, see `Orders`.

    Returns:
        The exit code: 0, or 2 if a file has failed.

    Raises:
        PipelineError: the run could not start, or the shard not be packed.
        SystemExit: it was stopped (143).
    """
    root = find_bundle_root() if args.bundle_root is None else args.bundle_root
    configs = [*list_config_files("shard", root), *args.configs]
    code = 0
    try:
        run_inference(args, {"shard": str(shard), "orders": orders}, configs)
    except SystemExit as end:
        if end.code != FAILED_EXIT_CODE:
            raise
        code = FAILED_EXIT_CODE
    if args.pack and not Orders.parse(orders).only:
        pack_shard(args.output, shard.number)
    return code
