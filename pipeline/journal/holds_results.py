"""Whether a folder holds the output of a run."""

import json
from pathlib import Path

JOURNAL = "breast-us-seg.jsonl"
"""Name of the journal, see `RunJournal`."""

MANIFEST = "run.json"
"""Name of what a run says about itself, see `RunManifest`."""

SHARDS = "shards"
"""Name of the folder that a run in shards has its plan and its journals in."""

PLAN = "plan.json"
"""Name of the plan in that folder."""

_LARGEST_MANIFEST = 1 << 20


def holds_results(folder: Path) -> bool:
    """Return whether a folder holds results of a run, whose pictures are no images to segment.

    Args:
        folder: any folder; what cannot be read there counts as not ours.
    """
    try:
        return (
            (folder / JOURNAL).is_file() or holds_shards(folder) or _is_manifest(folder / MANIFEST)
        )
    except OSError:  # a closed folder
        return False


def holds_shards(folder: Path) -> bool:
    """Return whether a folder is the output of a run in shards."""
    return (folder / SHARDS / PLAN).is_file()


def _is_manifest(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > _LARGEST_MANIFEST:
        return False
    try:
        content = json.loads(path.read_bytes())
        return "breast-us-seg" in content["software"] and "weights_sha256" in content
    except (ValueError, RecursionError, KeyError, TypeError):
        return False
