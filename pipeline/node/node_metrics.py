"""Metrics of a node for Prometheus."""

import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from pipeline.node.intake import Intake
from pipeline.node.processor import Processor
from pipeline.node.sender import Sender
from pipeline.node.spool import Spool, State

_BUCKETS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)


class NodeMetrics:
    """Count and measure when it is asked for.

    Attributes:
        registry: for `prometheus_client.generate_latest`.
        seconds: histogram of the seconds that a study's segmentation has taken.
    """

    def __init__(self, spool: Spool, intake: Intake, processor: Processor, sender: Sender) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "breast_us_seg_study_seconds",
            "Time that the segmentation of a study has taken",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._parts = spool, intake, processor, sender
        self.registry.register(self)

    def collect(self) -> Iterator[Any]:
        """Yield all but the histogram, as `prometheus_client` asks for it."""
        spool, intake, processor, sender = self._parts
        yield _count(
            "received_images",
            "Images that have come",
            ["outcome"],
            {(name,): count for name, count in dict(intake.counts).items()},
        )
        yield _count(
            "processed_images",
            "Images by what became of them",
            ["status"],
            {(name,): count for name, count in dict(processor.images).items()},
        )
        yield _count(
            "sent_objects",
            "Results that were sent",
            ["destination", "outcome"],
            {(*names,): count for names, count in dict(sender.counts).items()},
        )
        queue = GaugeMetricFamily(
            "breast_us_seg_queue_studies", "Studies in the queue", labels=["state"]
        )
        for state in State:
            queue.add_metric([state.value], spool.count(state))
        yield queue
        waiting = [
            study.record.received
            for state in (State.RECEIVED, State.STUDIES, State.RESULTS)
            for study in spool.list(state)[:1]
        ]
        age = max(0.0, time.time() - min(waiting)) if waiting else 0.0
        yield GaugeMetricFamily(
            "breast_us_seg_oldest_study_seconds", "Age of the oldest study that waits", age
        )
        yield GaugeMetricFamily(
            "breast_us_seg_disk_free_bytes", "Room on the disk", spool.measure_free_bytes()
        )


def _count(
    name: str, text: str, labels: list[str], counts: dict[tuple[str, ...], int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"breast_us_seg_{name}", text, labels=labels)
    for values, count in counts.items():
        family.add_metric(list(values), count)
    return family
