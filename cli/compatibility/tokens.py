"""Checks of minting, and of what tokens may do."""

import secrets
import time
from typing import Any

from cli.compatibility import grants
from cli.compatibility.check import Check, expect, insist, refused
from cli.compatibility.deployment import Deployment

_GO_MINUS_100 = 2**32 - 100
_LONGEST_DISPOSABLE_SECONDS = 25 * 3600
_LONGEST_TOKEN_ID = 64


def _everything() -> Any:  # noqa: ANN401
    return grants.explicit(grants.caches(), grants.topics())


def _never(deployment: Deployment) -> None:
    made = deployment.generate(grants.explicit(grants.topics(deployment.cache, name=secrets.token_hex(8))), None)
    expect("valid_until of a key for ever", made.valid_until, 0)
    insist("it has a refresh token and an endpoint", holds=bool(made.refresh_token and made.endpoint))


def _who_mints(deployment: Deployment) -> None:
    explicit = deployment.generate(_everything()).api_key
    with refused("PERMISSION_DENIED"):
        deployment.generate(_everything(), token=explicit)


def _expiry(deployment: Deployment) -> None:
    for seconds in (0, _GO_MINUS_100):
        with refused("INVALID_ARGUMENT"):
            deployment.generate(_everything(), seconds)
    began = time.time()
    until = deployment.generate(_everything(), 86_400).valid_until
    insist("valid_until is a day from now", holds=began + 86_000 < until < time.time() + 86_800)


def _ends(deployment: Deployment) -> None:
    token = deployment.generate(_everything(), 1).api_key
    time.sleep(3)  # as SDKs' tests do
    with refused("UNAUTHENTICATED"):
        deployment.publish("t", "x", token=token)


def _entries(deployment: Deployment) -> None:
    with refused("INVALID_ARGUMENT"):
        deployment.generate(grants.explicit())
    with refused("INVALID_ARGUMENT"):
        deployment.generate(grants.explicit(grants.topics(), grants.topics(role=grants.READ_ONLY)))


def _refresh(deployment: Deployment) -> None:
    first = deployment.generate(_everything())
    second = deployment.refresh(first.api_key, first.refresh_token)
    insist("the new key is another", holds=second.api_key != first.api_key)
    deployment.publish("t", "x", token=second.api_key)
    deployment.refresh(second.api_key, second.refresh_token)
    with refused("INVALID_ARGUMENT"):
        deployment.refresh(first.api_key, "no refresh token")


def _disposable(deployment: Deployment) -> None:
    with refused("INVALID_ARGUMENT"):
        deployment.disposable(_everything(), seconds=_LONGEST_DISPOSABLE_SECONDS + 3600)
    with refused("INVALID_ARGUMENT"):
        deployment.disposable(_everything(), seconds=0)
    with refused("INVALID_ARGUMENT"):
        deployment.disposable(_everything(), token_id="x" * (_LONGEST_TOKEN_ID + 1))


def _roles(deployment: Deployment) -> None:
    reads = deployment.disposable(grants.explicit(grants.topics(deployment.cache, role=grants.READ_ONLY)))
    writes = deployment.disposable(grants.explicit(grants.topics(deployment.cache, role=grants.WRITE_ONLY)))
    deployment.publish("roles", "x", token=writes)
    with deployment.open("roles", token=reads) as stream:
        expect("what a subscriber gets first", stream.kind(), "heartbeat")
    with refused("PERMISSION_DENIED"):
        deployment.publish("roles", "x", token=reads)
    with refused("PERMISSION_DENIED"):
        deployment.open("roles", token=writes).next()


def _selectors(deployment: Deployment) -> None:
    by_prefix = deployment.disposable(grants.explicit(grants.topics(deployment.cache, prefix="room-")))
    by_name = deployment.disposable(grants.explicit(grants.topics(deployment.cache, name="room-1")))
    for topic in ("room-", "room-1"):
        deployment.publish(topic, "x", token=by_prefix)
    deployment.publish("room-1", "x", token=by_name)
    for topic, token in (("room", by_prefix), ("room-2", by_name)):
        with refused("PERMISSION_DENIED"):
            deployment.publish(topic, "x", token=token)


CHECKS = (
    Check(56, "`valid_until` 0 is never", _never),
    Check(57, "a token of explicit permissions mints nothing", _who_mints),
    Check(58, "an expiry of 0 or over 2^31-1 s is refused", _expiry),
    Check(58, "a key ends when it says", _ends),
    Check(59, "no permissions, or one resource twice: INVALID_ARGUMENT", _entries),
    Check(60, "a refresh gives another pair; a wrong one is INVALID_ARGUMENT", _refresh),
    Check(61, "a disposable token: 25 hours, an id of 64 characters at most", _disposable),
    Check(62, "who may subscribe only does not publish, and the reverse", _roles),
    Check(63, "a prefix matches itself and what begins with it, a name itself", _selectors),
)
