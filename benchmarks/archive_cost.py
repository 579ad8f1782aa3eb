"""What a large archive takes on a cluster: `python benchmarks/archive_cost.py`.

A simulation: shards go in their order to the next free core; nodes differ in speed, and now and
then a process is killed and its shard started again. The times of a shard are arguments, with the
measured ones as defaults, in seconds of a core: see docs/scale.md.
"""

import argparse
import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

IMAGE_S = 0.054
"""PNG with masks, seconds of all cores an image, by `benchmarks/speed.py`."""

START_S, PLAN_S, MERGE_S = 7.4, 0.0001, 0.0004
"""By `benchmarks/archive.py`, on a computer that was busy with other work."""


@dataclass(frozen=True)
class Archive:
    """What is to be done.

    Attributes:
        images: number of them.
        of_shard: images of a shard.
        image_s: seconds of an image on a core.
        start_s: seconds from the start of a process to its first image.
        plan_s: seconds of an image in `plan`, in one process.
        merge_s: seconds of an image in `merge`, in one process.
    """

    images: int
    of_shard: int
    image_s: float
    start_s: float
    plan_s: float
    merge_s: float


@dataclass(frozen=True)
class Cluster:
    """What it is done on.

    Attributes:
        nodes: computers.
        cores: of each one that images are shared among.
        spread: of the speed of nodes, and of the time that shards of one size take: standard
            deviation of its logarithm.
        kill_rate: kills of a process in an hour of its work.
        wait_s: until a scheduler starts a killed process again.
    """

    nodes: int
    cores: int
    spread: float = 0.1
    kill_rate: float = 0.02
    wait_s: float = 60.0


@dataclass(frozen=True)
class Cost:
    """What it took.

    Attributes:
        wall_h: hours from the start of `plan` to the end of `merge`.
        core_h: hours of all cores.
        overhead: share of `core_h` that is not spent on images.
        kills: processes that were killed.
    """

    wall_h: float
    core_h: float
    overhead: float
    kills: int


def simulate(archive: Archive, cluster: Cluster, *, seed: int = 0) -> Cost:
    """Do an archive.

    A killed process loses the image it was working on, and its shard resumes after the last one
    that is finished. Reading is assumed not to be a bottleneck.

    Args:
        archive: what is to be done.
        cluster: what it is done on.
        seed: of what is drawn.
    """
    draw = random.Random(seed)
    speeds = [draw.lognormvariate(0, cluster.spread) for _ in range(cluster.nodes)]
    free = [(0.0, core) for core in range(cluster.nodes * cluster.cores)]
    spent, useful, end, kills = 0.0, 0.0, 0.0, 0
    for shard in range(math.ceil(archive.images / archive.of_shard)):
        images = min(archive.of_shard, archive.images - shard * archive.of_shard)
        at, core = heapq.heappop(free)
        rate = archive.image_s * speeds[core // cluster.cores]
        work = images * rate * draw.lognormvariate(0, cluster.spread)
        useful += work
        left = work
        while True:
            until_kill = draw.expovariate(cluster.kill_rate / 3600)
            if until_kill >= archive.start_s + left:
                break
            done = max(until_kill - archive.start_s, 0.0)
            left = min(left, left - done + rate)
            spent += until_kill
            at += until_kill + cluster.wait_s
            kills += 1
        spent += archive.start_s + left
        at += archive.start_s + left
        end = max(end, at)
        heapq.heappush(free, (at, core))
    alone = archive.images * (archive.plan_s + archive.merge_s)
    spent += alone
    return Cost((end + alone) / 3600, spent / 3600, 1 - useful / spent, kills)


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--of-shard", type=int, nargs="+", default=[500, 2500, 10_000])
    parser.add_argument("--nodes", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--cores", type=int, default=16)
    parser.add_argument("--image-s", type=float, default=IMAGE_S)
    parser.add_argument("--start-s", type=float, default=START_S)
    parser.add_argument("--plan-s", type=float, default=PLAN_S)
    parser.add_argument("--merge-s", type=float, default=MERGE_S)
    given = parser.parse_args(arguments)
    print("| machines | images a shard | minutes | hours of a core | not on images | kills |")
    print("|---|---|---|---|---|---|")
    for nodes in given.nodes:
        for of_shard in given.of_shard:
            times = given.image_s, given.start_s, given.plan_s, given.merge_s
            cost = simulate(Archive(given.images, of_shard, *times), Cluster(nodes, given.cores))
            print(
                f"| {nodes} | {of_shard} | {60 * cost.wall_h:.0f} | {cost.core_h:.0f} | "
                f"{100 * cost.overhead:.1f} % | {cost.kills} |"
            )


if __name__ == "__main__":
    main()
