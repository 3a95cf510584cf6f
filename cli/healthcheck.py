"""`python -m cli.healthcheck URL`: exits with 0 if the URL answers with 200, for images that have no curl."""

import http.client
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 2.0


def main(url: str) -> int:
    """Ask once; return the exit code."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        return 0 if connection.getresponse().status == http.client.OK else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
