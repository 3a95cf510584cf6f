"""Are the tiers there, of one version, by one clock, and do they answer?"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

import httpx

from api.errors import Unavailable
from backplane.interface import NodeMap, Process
from backplane.redis import RedisBackplane
from backplane.redis.store import State
from cli.certificates import unchecked
from cli.commands.doctor.finding import Finding
from cli.commands.doctor.variables import DoctorVariables

MOST_SKEW_SECONDS = 1.0
REACH_SECONDS = 2.0
TIERS = ("accounts", "router", "storage")


async def look(variables: DoctorVariables) -> list[Finding]:
    """Return what is found."""
    backplane = RedisBackplane(variables.redis_url, variables.redis_prefix, variables.redis_ca_file)
    try:
        processes = await backplane.registry.processes()
        nodes = await backplane.registry.refresh()
        filled = await backplane.directory.is_filled()
    except Unavailable as failure:
        return _refused(backplane.state, failure)
    finally:
        await backplane.close()
    found = [*_tiers(processes), *_versions(processes), *_clocks(processes), *_leases(processes, nodes)]
    if not filled:
        advice = "The account service writes them when it runs; if it does, see its log."
        found.append(Finding("accounts", "error", "Redis does not hold all accounts and keys", advice))
    asked = await asyncio.gather(*(answers(process) for process in processes))
    return found + [finding for finding in asked if finding is not None]


def _refused(state: State, failure: Unavailable) -> list[Finding]:
    """Return what to say of a Redis that the check of Redis has found to be there."""
    if state == "unreachable":
        return []  # that check has said so
    advice = "If it is full, give it memory; if its user may not, see docs/security.md; if its disk is, make room."
    return [Finding("redis", "error", f"it refuses what the tiers write: {failure.__cause__}", advice)]


def _tiers(processes: Sequence[Process]) -> Iterator[Finding]:
    counts = Counter(process.tier for process in processes)
    for tier in TIERS:
        if counts[tier]:
            yield Finding(tier, "ok", f"{counts[tier]} running")
        else:
            yield Finding(tier, "error", "none is running", f"Start `tidings {tier}` with the same TIDINGS_REDIS_URL.")


def _versions(processes: Sequence[Process]) -> Iterator[Finding]:
    versions = {process.version: process.id for process in processes}
    if len(versions) > 1:
        told = ", ".join(f"{id} is {version}" for version, id in sorted(versions.items()))
        yield Finding("versions", "warning", told, "Finish the upgrade.")


def _clocks(processes: Sequence[Process]) -> Iterator[Finding]:
    for process in processes:
        skew = process.clock - process.said_at
        if abs(skew) > MOST_SKEW_SECONDS:
            text = f"{process.id} differs from Redis by {skew:+.1f} s"
            yield Finding("clock", "error", text, "Run NTP on that machine: tokens expire by its clock.")


def _leases(processes: Sequence[Process], nodes: NodeMap) -> Iterator[Finding]:
    for process in processes:
        if process.tier == "storage" and process.id not in nodes.nodes:
            advice = "See its log: it does not renew its lease, and owns no topic."
            yield Finding("lease", "error", f"{process.id} runs and is not in the map", advice)
    for node in nodes.nodes.values():
        if node.state == "draining":
            yield Finding("lease", "warning", f"{node.id} is draining", "It leaves when its topics are handed over.")


async def answers(process: Process) -> Finding | None:
    """Ask a process as the others of the fleet do; a storage node tells its health on a port that is not announced."""
    name = f"{process.tier} {process.id}"
    advice = f"See that it listens at {process.address}, and that this machine may reach it."
    try:
        async with asyncio.timeout(REACH_SECONDS):
            if process.tier == "storage":
                host, _, port = process.address.rpartition(":")
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
                writer.close()
                return None
            return await _readiness(name, process)
    except (OSError, TimeoutError, httpx.TransportError) as error:
        text = f"{process.address} cannot be reached: {str(error) or type(error).__name__}"
        return Finding(name, "warning" if process.address.startswith("0.0.0.0:") else "error", text, advice)


async def _readiness(name: str, process: Process) -> Finding | None:
    async with httpx.AsyncClient(verify=unchecked(), timeout=REACH_SECONDS, trust_env=False) as client:
        try:
            answer = await client.get(f"http://{process.address}/readyz")
        except (httpx.RemoteProtocolError, httpx.ReadError):  # what announces itself does not say that it speaks TLS
            answer = await client.get(f"https://{process.address}/readyz")
    if answer.is_success:
        return None
    text = f"it is not ready: {answer.text[:200]}"
    return Finding(name, "error", text, "Wait while it starts or drains; else see its log.")
