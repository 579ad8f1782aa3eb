"""How much of the computer this process may use."""

import os
from pathlib import Path

WORKER_BYTES = 1 << 30
"""What a process that segments needs of the memory; one more still fits then."""

_CGROUP = Path("/sys/fs/cgroup")


def count_cores() -> int:
    """Count the cores that a process may use: not those of the computer, but of its share.

    Affinity, ``cpu.max`` of cgroups (version 2) or the quota of version 1, and SLURM's
    ``SLURM_CPUS_PER_TASK`` limit them.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [float(cores or 1), *_read_quotas()]
    slurm = os.environ.get("SLURM_CPUS_PER_TASK", "")
    if slurm.isdecimal() and int(slurm):
        limits.append(float(slurm))
    return max(1, int(min(limits)))


def count_workers() -> int:
    """Count the processes that fit: one a core, as far as the free memory goes."""
    return max(1, min(count_cores(), _count_free_bytes() // WORKER_BYTES))


def _read_quotas() -> list[float]:
    quotas = []
    for folder in _list_groups():
        words = _read(folder / "cpu.max").split()
        if len(words) == 2 and words[0].isdecimal():
            quotas.append(int(words[0]) / int(words[1]))
    quota, period = (_read(_CGROUP / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    if quota.isdecimal() and period.isdecimal():
        quotas.append(int(quota) / int(period))
    return quotas


def _count_free_bytes() -> int:
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 1 << 62
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) << 10
    for folder in _list_groups():
        most, used = _read(folder / "memory.max"), _read(folder / "memory.current")
        if most.isdecimal() and used.isdecimal():
            free = min(free, int(most) - int(used))
    return free


def _list_groups() -> list[Path]:
    """List the cgroup of this process and those around it."""
    own = next(
        (
            line.split("::", 1)[1]
            for line in _read(Path("/proc/self/cgroup")).splitlines()
            if line.startswith("0::")
        ),
        "/",
    )
    folder = _CGROUP / own.strip("/")
    return [folder, *(each for each in folder.parents if each.is_relative_to(_CGROUP))]


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
