"""Segment a folder of images."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.run_inference import run_inference
from pipeline.cli.run_options import add_config_option, add_override_options
from pipeline.cli.say import say
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.shards.shard import Shard


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "infer",
        help="segment a folder of DICOM, PNG, JPEG, BMP, TIFF or NIfTI images",
        description=(
            "Segment every image below IN (by content, not by suffix) and write masks (white is "
            "lesion), overlays, sizes, DICOM SEG and SR, tables and report.html below OUT. A run "
            "that was killed goes on where it stopped when started again. Exit code 0: all files "
            "processed or skipped; 1: the run could not start; 2: some failed, or no image could "
            "be read, see results.csv."
        ),
    )
    parser.add_argument("input", metavar="IN", type=Path, help="folder, or a single image")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of the results")
    parser.add_argument("--weights", type=Path, help="other weights than the bundle's")
    parser.add_argument(
        "--target",
        choices=("lesion", "malignant"),
        help="what is white: every lesion (default), or those that are probably malignant",
    )
    parser.add_argument(
        "--shard",
        metavar="K/N",
        help="only part K (from 0) of the N of `plan`; auto asks SLURM or Kubernetes. The tables "
        "are written by `merge`",
    )
    parser.add_argument(
        "--pack",
        action="store_true",
        help="with --shard, --workers or --ray: move the files of a complete shard into "
        "OUT/packed/K.tar, where the number of files is limited; there is no report.html then",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        help="processes of this computer that share the images, auto for one a core; the results "
        "are the same",
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="processes of a cluster of Ray that share the images: HOST:PORT, auto for the one "
        "that this computer is in, local for one of this computer alone; --workers says how many",
    )
    add_override_options(parser)
    add_config_option(parser)
    parser.set_defaults(run=run, go_on=lambda _: "the same command goes on where it stopped")


def run(args: argparse.Namespace) -> int:
    """Run ``inference.json``: all of it, a shard, or by several processes."""
    is_shared = args.workers is not None or args.ray is not None
    if args.pack:
        if args.shard is None and not is_shared:
            msg = "expected --shard, --workers or --ray with --pack, as only shards are packed"
            raise ConfigError(msg)
        args.overrides.append("outputs#report=false")  # it shows the files that are packed
    if is_shared:
        if args.shard is not None:
            msg = f"expected --shard or {'--workers' if args.ray is None else '--ray'}, got both"
            raise ConfigError(msg)
        from pipeline.cli.run_workers import run_workers

        return run_workers(args)
    if args.shard is not None:
        return _run_shard(args, _plan_shard(args.input, args.output, args.shard))
    run_inference(args, {}, args.configs)
    return 0


def _run_shard(args: argparse.Namespace, shard: "Shard") -> int:
    from pipeline.cli.run_shard import run_shard
    from pipeline.shards.shard_folder import ShardFolder

    code = run_shard(args, shard)
    if args.pack:
        archive = ShardFolder(args.output).packed(shard.number)
        say(f"{archive} holds the results of shard {shard}")
    return code


def _plan_shard(source: Path, output: Path, text: str) -> "Shard":
    """Find the shard that is meant, and plan if there is no plan yet."""
    from pipeline.check_folders import check_input, check_output
    from pipeline.shards.make_plan import make_plan
    from pipeline.shards.shard import Shard
    from pipeline.shards.shard_folder import ShardFolder
    from pipeline.shards.shard_plan import ShardPlan

    check_input(source)
    check_output(output)
    folder = ShardFolder(output)
    plan = ShardPlan.read(folder)
    planned = None if plan is None else plan.shards
    shard = Shard.of_scheduler(planned) if text == "auto" else Shard.parse(text)
    if plan is None:
        plan = make_plan(source, output, shard.count)
    plan.check(shard, folder)
    return shard
