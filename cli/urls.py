"""URLs of what listens on this machine."""


def in_url(host: str) -> str:
    """Return the host as a URL writes it: IPv6 addresses stand in brackets."""
    return f"[{host}]" if ":" in host else host


def own_url(host: str, port: int, *, tls: bool) -> str:
    """Return where a service that listens on a host and a port is reached from this machine."""
    return f"{'https' if tls else 'http'}://{in_url(host)}:{port}"
