"""How what runs was built."""

from importlib.util import find_spec


def hot_path() -> str:
    """Return `compiled` where publishes and deliveries go through compiled modules (decision 58), and else `plain`."""
    found = find_spec("http2.sending")
    return "plain" if found is None or (found.origin or "").endswith(".py") else "compiled"
