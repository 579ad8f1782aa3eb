"""What a process of `infer --workers` does: ``python -m pipeline.cli.shard_worker``."""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from pipeline.cli.console import open_console
from pipeline.cli.run_shard import run_shard
from pipeline.cli.stop_signals import Stopped, raise_stopped
from pipeline.cli.use_utf8 import use_utf8
from pipeline.errors import PipelineError
from pipeline.shards.shard import Shard

_PLAIN = ("target", "pack", "verbose", "quiet", "log_format")
_PATHS = ("input", "output", "weights", "bundle_root")


def encode_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """Make plain values of the arguments of `infer`.

    Args:
        args: of the command.
    """
    values = {name: getattr(args, name) for name in _PATHS}
    return {
        "argv": sys.argv,
        **{name: None if path is None else str(path.absolute()) for name, path in values.items()},
        **{name: getattr(args, name) for name in _PLAIN},
        "overrides": [*args.overrides, "progress=false"],
        "configs": [str(path.absolute()) for path in args.configs],
    }


def main() -> int:
    """Do shards until there are no more.

    Returns:
        The exit code: 0, or 143 after SIGTERM.
    """
    use_utf8()
    # What anything prints must not come between the answers.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lines: SimpleQueue[bytes] = SimpleQueue()
    args = decode_arguments(json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_listen, args=(sys.stdin.buffer, lines), daemon=True).start()
    try:
        with open_console(args), raise_stopped():
            while line := lines.get():
                answer = do_shard(args, **json.loads(line))
                channel.write(json.dumps(answer).encode() + b"\n")
                channel.flush()
    except (Stopped, BrokenPipeError):
        return 128 + signal.SIGTERM
    return 0


def _listen(stream: BinaryIO, lines: "SimpleQueue[bytes]") -> None:
    """Pass tasks on; when the supervisor is gone, end after the current file."""
    for line in stream:
        lines.put(line)
    lines.put(b"")
    os.kill(os.getpid(), signal.SIGTERM)


def do_shard(args: argparse.Namespace, shard: str, orders: str) -> dict[str, Any]:
    """Do a shard.

    Args:
        args: of `infer`.
        shard: as ``K/N``.
        orders: see `Orders`.

    Returns:
        ``code``, the exit code of `infer --shard`, and ``error``, what it would say.
    """
    try:
        code = run_shard(args, Shard.parse(shard), orders)
    except PipelineError as error:
        return {"code": 1, "error": str(error)}
    except SystemExit as end:
        if isinstance(end.code, int):
            return {"code": end.code, "error": f"shard {shard} has ended with code {end.code}"}
        return {"code": 1, "error": str(end.code).removeprefix("error: ")}
    return {"code": code, "error": ""}


def decode_arguments(content: dict[str, Any]) -> argparse.Namespace:
    """Make arguments of `infer` of plain values.

    Args:
        content: by `encode_arguments`.
    """
    sys.argv[:] = content.pop("argv")
    for name in _PATHS:
        content[name] = None if content[name] is None else Path(content[name])
    content["configs"] = [Path(path) for path in content["configs"]]
    return argparse.Namespace(**content)


if __name__ == "__main__":
    sys.exit(main())
