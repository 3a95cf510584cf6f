"""Where webhooks may go: to the public network alone, or anybody could have this process ask its neighbours."""

import ipaddress
from urllib.parse import urlsplit

from api.errors import InvalidArgument
from api.webhooks.lookups import Lookups

LONGEST_URL = 2048

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out for the public network. Python calls public whatever is not known to be private, as
site-local addresses and the prefixes reserved for translators. A network may translate a prefix of its own in here."""

_ASSIGNMENTS = ipaddress.ip_network("192.0.0.0/24")
"""For protocols (RFC 6890), and the metadata of a cloud; older versions of Python call most of it public."""


class ForbiddenTarget(Exception):
    """The address may not be asked; the message says why."""


def checked_url(url: str, *, allow_private: bool) -> str:
    """Return a URL that a webhook may be sent to, as far as that shows without looking its host up.

    Raises:
        InvalidArgument: it is none.
    """
    problem = f"'{url[:100]}' cannot be a webhook's URL: "
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidArgument(f"{problem}it has at most {LONGEST_URL} printable ASCII characters without spaces")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as reason:
        raise InvalidArgument(f"{problem}{reason}") from reason
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise InvalidArgument(f"{problem}it begins with https://")
    if not host or port == 0 or parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidArgument(f"{problem}it names a host, and neither a user nor a fragment")
    if not allow_private:
        if host.rstrip(".").rpartition(".")[2] == "localhost":  # RFC 6761: it and all below it are the machine itself
            raise InvalidArgument(f"{problem}{host} is this machine, and no host of the public network")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return url
        if not is_public(address):
            raise InvalidArgument(f"{problem}{host} is no address of the public network")
    return url


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is of the public network, also behind the forms of IPv6 that hold one of IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner:
            return is_public(inner)
        return address in _UNICAST and address.is_global
    return address not in _ASSIGNMENTS and address.is_global and not address.is_multicast


async def public_address(lookups: Lookups, host: str, port: int, *, allow_private: bool) -> str:
    """Look a host up, and return the address that is to be asked: whoever asks by name could be led elsewhere.

    Raises:
        ForbiddenTarget: it has an address that may not be asked.
        OSError, UnicodeError: it cannot be found, or is no name.
    """
    addresses = await lookups.addresses(host, port)
    for address in addresses:
        if not allow_private and not is_public(ipaddress.ip_address(address)):
            raise ForbiddenTarget(f"{host} has the address {address}, which is not of the public network")
    return addresses[0]
