"""Who believes the certificate that the edge's tests have it show."""

import ssl
from pathlib import Path


def context(chain: Path, *protocols: str) -> ssl.SSLContext:
    """Return who believes a certificate, and offers these protocols."""
    made = ssl.create_default_context(cafile=str(chain))
    made.set_alpn_protocols(protocols)
    return made
