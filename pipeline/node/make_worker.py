"""The process of a node that segments."""

import json

from pipeline.node.node_config import NodeConfig
from pipeline.server.segment_worker import SegmentWorker


def make_worker(config: NodeConfig) -> SegmentWorker:
    """Make it as the config says; it starts with its first study."""
    settings = config.process.set
    overrides = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    return SegmentWorker(config.process.bundle_root, overrides)
