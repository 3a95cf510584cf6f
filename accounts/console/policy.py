"""What a browser may do with our pages: only what comes from here, and nothing that was written into a page."""

from collections.abc import Mapping

REPORTS = "/console/csp-reports"


def headers(topics_origin: str, *, tls: bool) -> Mapping[str, str]:
    """Return the headers of every page.

    Args:
        topics_origin: Where the topics' HTTP API is; empty for our own origin.
        tls: The pages are reached over TLS, and are to be so always.
    """
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {topics_origin}".strip(),
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "tidings",
        "report-uri": REPORTS,
        "report-to": "csp",
    }
    strict_transport = {"strict-transport-security": "max-age=31536000"} if tls else {}
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in rules.items()),
        "reporting-endpoints": f'csp="{REPORTS}"',
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cache-control": "no-store",
        **strict_transport,
    }
