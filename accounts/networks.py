"""From which network somebody comes, for limits: who is given one address of IPv6 has 2^64 of them; no I/O."""

from ipaddress import IPv4Address, IPv6Network, ip_address

IPV6_PREFIX_BITS = 64
"""What a provider gives to one subscriber at the least."""


def network_of(address: str) -> str:
    """Return the network that an address is counted with: itself, or the /64 of one of IPv6.

    An address of IPv4 that is written as one of IPv6 is the same; what is no address stays as it is.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Network((int(ip), IPV6_PREFIX_BITS), strict=False))
