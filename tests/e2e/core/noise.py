"""A tenant that publishes calmly, alone and then beside another one."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from bench.load.open_loop import Outcome, publish_open_loop
from bench.protocols.tidings import TidingsDialect

SLACK_SECONDS = 0.5
"""What a machine with other work to do may add to a single answer; half of them know nothing of it."""


class Heard(NamedTuple):
    """What became of the publishes of the calm tenant, alone and beside the other, and of the other's."""

    alone: Outcome
    beside: Outcome
    noise: Outcome


def publish_beside(
    quiet: TidingsDialect, per_second: float, noisy: TidingsDialect, noisy_per_second: float, seconds: float
) -> Heard:
    """Publish at a rate for so long, and again while a process of its own publishes for the noisy tenant."""
    alone = publish_open_loop(quiet, 2, per_second, seconds)
    with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
        elsewhere.submit(int).result()
        noise = elsewhere.submit(publish_open_loop, noisy, 4, noisy_per_second, seconds + 1)
        return Heard(alone, publish_open_loop(quiet, 2, per_second, seconds), noise.result())
