"""Is Redis there, new enough, and set up so that durable topics keep what they acknowledged?"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from redis.exceptions import RedisError

from backplane.redis.connection import connect, disconnect
from backplane.redis_location import Location, location
from cli.commands.doctor.finding import Finding
from cli.commands.doctor.variables import DoctorVariables

OLDEST = (6, 2)


async def look(variables: DoctorVariables) -> list[Finding]:
    """Return what is found."""
    where = location(variables.redis_url)
    client: Any = connect(where, variables.redis_ca_file)
    try:
        info: Mapping[str, Any] = _one(await client.info())
        settings = await _setting(client, "maxmemory-policy")
        settings |= await _setting(client, "appendfsync")
    except (RedisError, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        advice = "See that it runs and that TIDINGS_REDIS_URL, its password and TIDINGS_REDIS_CA_FILE are right."
        return [Finding("redis", "error", f"{where} cannot be reached: {reason}", advice)]
    finally:
        await disconnect(client)
    return list(_findings(where, info, settings))


def _findings(where: Location, info: Mapping[str, Any], settings: Mapping[str, str]) -> Iterator[Finding]:
    version = str(info["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        yield Finding("redis", "error", f"{where} is version {version}", "Upgrade it to 6.2 or newer.")
    else:
        yield Finding("redis", "ok", f"{where}, version {version}")
    policy = settings.get("maxmemory-policy", "")
    if policy not in ("", "noeviction"):
        advice = "Set maxmemory-policy noeviction: what is evicted is lost."
        yield Finding("redis memory", "error", f"maxmemory-policy is {policy}", advice)
    if not info.get("aof_enabled"):
        advice = "Set appendonly yes before a cache is made durable."
        yield Finding("redis disk", "warning", "Redis keeps nothing on disk at once", advice)
    elif settings.get("appendfsync", "always") != "always":
        advice = "Set appendfsync always for caches that may lose nothing with the machine."
        yield Finding("redis disk", "warning", f"appendfsync is {settings['appendfsync']}", advice)


async def _setting(client: Any, name: str) -> dict[str, str]:  # noqa: ANN401 - one of three clients
    """Return a setting; nothing where the server does not let it be read, as hosted ones do."""
    try:
        found = _one(await client.config_get(name))
    except RedisError:
        return {}
    return {_text(key): _text(value) for key, value in found.items()}


def _one(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answer of one node, where a cluster gives them by node."""
    values = list(answer.values())
    nested = values and all(isinstance(value, dict) for value in values) and "redis_version" not in answer
    return cast("Mapping[str, Any]", values[0]) if nested else answer


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
