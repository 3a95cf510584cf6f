"""All numbers of one process, in Prometheus' text format."""

import asyncio
import sys
import time
from collections.abc import Iterable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from api.metrics import gauge, gauges
from cli.build import hot_path


class Page:
    """Asks the collectors, and adds what is the same for all processes: memory, processor, files, collected garbage."""

    def __init__(self, collectors: Iterable[Collector]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        for collector in (_Process(), *collectors):
            self._registry.register(collector)

    def text(self) -> str:
        """Return the numbers of this moment."""
        return generate_latest(self._registry).decode()


class _Process(Collector):
    @override
    def collect(self) -> Iterable[Metric]:
        runs = {(version("tidings"), hot_path()): 1.0}
        what = "The version that runs, and whether its hot path is compiled or plain."
        yield gauges("tidings_build", what, ("version", "hot_path"), runs)
        try:
            tasks = len(asyncio.all_tasks())
        except RuntimeError:  # there is no loop while the registry learns the names
            tasks = 0
        yield gauge("tidings_tasks", "Tasks of the event loop.", tasks)
        blocks = sys.getallocatedblocks()
        yield gauge("tidings_python_blocks", "Blocks of memory that Python has allocated, and not freed.", blocks)
        yield gauge("tidings_clock_seconds", "Epoch seconds by this process' clock.", time.time())
