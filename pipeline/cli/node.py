"""Take images from an archive or a scanner, and send results back."""

import argparse
import logging
import threading
import time
from pathlib import Path
from typing import Any

from pipeline.cli.say import say
from pipeline.errors import ConfigError

_ACTIONS = ("run", "check", "status", "retry")


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "node",
        help="receive DICOM images, segment them, send SEG and SR back",
        description=(
            "run (the default): be a DICOM node until stopped; SIGTERM lets the current study end. "
            "check: try disk, model and all destinations (exit code 1 if one fails). "
            "status: what is in the queue. "
            "retry: put studies that were put aside back, all or those named. Research only."
        ),
    )
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="run")
    parser.add_argument("config", metavar="CONFIG.toml", type=Path)
    parser.add_argument(
        "studies", metavar="STUDY", nargs="*", help="of retry: names that status shows"
    )
    parser.set_defaults(run=run, go_on=lambda _: "the queue is kept, the same command goes on")


def run(args: argparse.Namespace) -> int:
    """Do what is asked for.

    Returns:
        0, or 1 if a check has failed.

    Raises:
        ConfigError: the config, or an argument, does not fit.
    """
    if args.studies and args.action != "retry":
        msg = f"expected names of studies for retry only, got {args.studies[0]!r}"
        raise ConfigError(msg)
    from pipeline.node.read_node_config import read_node_config

    config = read_node_config(args.config)
    actions = {"run": _run, "check": _check, "status": _tell_status, "retry": _retry}
    return actions[args.action](config, args.studies)


def _run(config: Any, _: list[str]) -> int:
    from pipeline.node.node import Node
    from pipeline.server.keep_headers_out_of_logs import keep_headers_out_of_logs

    keep_headers_out_of_logs()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(levelname)s - %(message)s")
    with Node(config) as node:
        settings = config.receive
        say(f"{settings.aet} listens at {settings.host}, port {node.receiver.port}", flush=True)
        if node.web_port:
            say(f"health and STOW-RS at {config.web.host}, port {node.web_port}", flush=True)
        threading.Event().wait()
    return 0


def _check(config: Any, _: list[str]) -> int:
    from pipeline.node.check_node import check_node

    has_failed = False
    for checked in check_node(config):
        has_failed |= bool(checked.problem)
        say(f"{checked.part}: {checked.problem or 'ok'}", flush=True)
    return int(has_failed)


def _tell_status(config: Any, _: list[str]) -> int:
    from pipeline.node.spool import Spool, State

    spool = Spool(config.folder)
    for state in State:
        studies = spool.list(state)
        oldest = f", oldest {_age(studies[0].record.received)}" if studies else ""
        say(f"{state.value}: {len(studies)}{oldest}")
        for study in studies if state is not State.SENT else ():
            problems = [study.record.last_error] + [
                f"{name}: {each.last_error}"
                for name, each in study.record.deliveries.items()
                if each.last_error and not each.is_done
            ]
            if text := "; ".join(filter(None, problems)):
                say(f"  {study.name}: {text}")
    return 0


def _retry(config: Any, names: list[str]) -> int:
    from pipeline.node.retry_studies import retry_studies
    from pipeline.node.spool import Spool

    put_back = retry_studies(Spool(config.folder), names)
    say(f"{len(put_back)} studies are in the queue again")
    return 0


def _age(since: float) -> str:
    minutes = max(0, int((time.time() - since) / 60))
    return f"{minutes // 60} h {minutes % 60} min ago" if minutes >= 60 else f"{minutes} min ago"
