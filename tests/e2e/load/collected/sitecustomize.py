"""Imported by a service's Python as it starts: collects garbage each second, so that what is left afterwards stays.

Jobs of the account service make cycles with each statement that they compose, of which a service collects the first
after minutes: as many objects as several for each connection of a test.
"""

import gc
import threading
import time
from pathlib import Path

SECONDS = 1.0


def collect_for_ever() -> None:
    """Collect all that can be, again and again."""
    while True:
        time.sleep(SECONDS)
        gc.collect()


if Path("/proc/self/exe").readlink().name == "envoy":
    threading.Thread(target=collect_for_ever, daemon=True).start()
