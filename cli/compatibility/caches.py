"""Checks of the control service, and of the codes that SDKs map."""

import json
import secrets

import grpc
from momento_wire_types import controlclient_pb2 as control

from cli.compatibility import grants
from cli.compatibility.check import Check, NotChecked, expect, insist, refused
from cli.compatibility.deployment import Deployment

_TOO_LARGE_BYTES = 5_200_000
"""More than any SDK receives, and less than the edge takes."""
_UNKNOWN = "/cache_client.pubsub.Pubsub/NoSuchMethod"
_PING = "/cache_client.Ping/Ping"


def _ping(deployment: Deployment) -> None:
    deployment.raw(_PING)


def _unknown_method(deployment: Deployment) -> None:
    with refused("UNIMPLEMENTED"):
        deployment.raw(_UNKNOWN)


def _signing_keys(deployment: Deployment) -> None:
    try:
        made = deployment.call_control("CreateSigningKey", control._CreateSigningKeyRequest(ttl_minutes=1))
    except grpc.RpcError as error:
        raise NotChecked(f"no signing key can be made: {error}") from error
    listed = deployment.call_control("ListSigningKeys", control._ListSigningKeysRequest(next_token=""))
    key_id = json.loads(made.key)["kid"]
    insist("a new signing key is listed", holds=key_id in {key.key_id for key in listed.signing_key})
    deployment.call_control("RevokeSigningKey", control._RevokeSigningKeyRequest(key_id=key_id))


def _not_found(deployment: Deployment) -> None:
    nowhere = f"nowhere-{secrets.token_hex(8)}"
    for call in (
        lambda: deployment.publish("t", "x", cache=nowhere),
        lambda: deployment.open("t", cache=nowhere).next(),
        lambda: deployment.delete_cache(nowhere),
        lambda: deployment.flush_cache(nowhere),
    ):
        with refused("NOT_FOUND") as trailers:
            call()
        insist(
            "no `err` of an item or of a store is with it",
            holds=trailers.get("err") not in {"item_not_found", "store_not_found"},
        )


def _already_exists(deployment: Deployment) -> None:
    with refused("ALREADY_EXISTS"):
        deployment.create_cache(deployment.cache)


def _invalid(deployment: Deployment) -> None:
    with refused("INVALID_ARGUMENT"):
        deployment.publish("", "x")
    with refused("INVALID_ARGUMENT"):
        deployment.publish_nothing("t")
    with refused("INVALID_ARGUMENT"):
        deployment.open("").next()
    with refused("INVALID_ARGUMENT"):
        deployment.create_cache("")


def _unauthenticated(deployment: Deployment) -> None:
    for token in ("no token", deployment.key[:-8]):
        with refused("UNAUTHENTICATED"):
            deployment.publish("t", "x", token=token)
        with refused("UNAUTHENTICATED"):
            deployment.open("t", token=token).next()
        with refused("UNAUTHENTICATED"):
            deployment.create_cache("t", token=token)


def _too_large(deployment: Deployment) -> None:
    with refused("RESOURCE_EXHAUSTED") as trailers:
        deployment.publish("t", b"x" * _TOO_LARGE_BYTES)
    expect("its `err`", trailers.get("err"), "request_size_limit_exceeded")


def _life_of_a_cache(deployment: Deployment) -> None:
    name = deployment.new_cache()
    deployment.publish("t", "x", cache=name)
    listed = deployment.call_control("ListCaches", control._ListCachesRequest(next_token=""))
    insist("a cache that was made is listed at once", holds=name in {cache.cache_name for cache in listed.cache})
    deployment.delete_cache(name)
    with refused("NOT_FOUND"):
        deployment.delete_cache(name)


def _listed(deployment: Deployment) -> None:
    listed = deployment.call_control("ListCaches", control._ListCachesRequest(next_token=""))
    expect("next_token", listed.next_token, "")
    (own,) = (cache for cache in listed.cache if cache.cache_name == deployment.cache)
    insist("it says the limits of the cache", holds=own.cache_limits.max_item_size_kb > 0)
    insist("it says the limits of topics", holds=own.topic_limits.max_publish_message_size_kb > 0)


def _flush(deployment: Deployment) -> None:
    name = deployment.new_cache()
    deployment.publish("t", "kept", cache=name)
    deployment.flush_cache(name)
    with deployment.open("t", cache=name) as stream:
        expect("the topic's newest item after the flush", stream.items(1)[0].value.text, "kept")


def _permission_first(deployment: Deployment) -> None:
    token = deployment.generate(grants.explicit(grants.caches(), grants.topics())).api_key
    with refused("PERMISSION_DENIED"):
        deployment.delete_cache(f"nowhere-{secrets.token_hex(8)}", token=token)
    with refused("PERMISSION_DENIED"):
        deployment.create_cache("compat-denied", token=token)


CHECKS = (
    Check(12, "Ping answers anybody", _ping),
    Check(24, "unknown methods are UNIMPLEMENTED", _unknown_method),
    Check(24, "signing keys can be made, listed and revoked", _signing_keys),
    Check(25, "NOT_FOUND: no such cache", _not_found),
    Check(25, "ALREADY_EXISTS: the cache exists", _already_exists),
    Check(25, "INVALID_ARGUMENT: names and values", _invalid),
    Check(25, "UNAUTHENTICATED: the token does not hold", _unauthenticated),
    Check(27, "a message that is too large says so in `err`", _too_large),
    Check(64, "all data is no control, and permission comes before existence", _permission_first),
    Check(68, "a cache that was made is there at once, and one that was deleted gone", _life_of_a_cache),
    Check(69, "a flush leaves topics alone", _flush),
    Check(70, "a list is whole and says the limits", _listed),
)
