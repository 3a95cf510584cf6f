"""Every attack on a token ends in Unauthenticated and in no other exception."""

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import Unauthenticated
from api.tokens import MAX_TOKEN_CHARACTERS, Claims, Verifier, unpack_credential
from tests.unit.api.forgery import HEADER, PAYLOAD, decoded, encoded, saying, signed, to_sign, with_secret
from tests.unit.credentials import PUBLIC_KEYS, token

NOW = time.time()
PUBLIC_KEY = PUBLIC_KEYS["key-1"]
VERIFIER = Verifier(PUBLIC_KEYS)
SIGNATURE = signed().rsplit(".", 1)[1]
JSON_PAYLOAD = json.dumps(PAYLOAD)


def verified(text: str) -> Claims | None:
    """Return what a credential says, None where it is refused; any other exception passes."""
    try:
        return VERIFIER.verify(unpack_credential(text), NOW)
    except Unauthenticated:
        return None


def raw(**literals: str) -> str:
    """Return a rightly signed token with claims written as JSON literals, after those of the same name."""
    added = "".join(f', "{name}": {literal}' for name, literal in literals.items())
    return signed((JSON_PAYLOAD[:-1] + added + "}").encode())


def pem(key: bytes) -> bytes:
    spki = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key)
    return b"-----BEGIN PUBLIC KEY-----\n" + spki + b"\n-----END PUBLIC KEY-----\n"


def header(**changes: Any) -> str:
    return signed(header=HEADER | changes)


ALGORITHMS = ["none", "None", "NONE", "", "HS256", "RS256", "ES256", "PS512", "Ed25519", "eddsa", None, 1, ["EdDSA"]]
KEY_IDS: list[Any] = [
    None, 1, True, ["key-1"], {"key-1": 1}, "", "key-2", "KEY-1", "key-1 ", "../key-1", "/dev/null", "' OR 1=1 --",
    "http://127.0.0.1:1/key", "\0", "\ud800", "x" * 4000,
]  # fmt: skip
EXPIRIES = [
    '"9999999999"', "9999999999.5", "1e309", "-1e309", "NaN", "Infinity", "-1", "0", "true", "[]", "{}",
    "9007199254740992", "1" + "0" * 300, "1" + "0" * 5000, "1",
]  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_algorithm_but_the_pinned_one_is_accepted(algorithm: object) -> None:
    assert verified(header(alg=algorithm)) is None
    assert verified(to_sign(PAYLOAD, HEADER | {"alg": algorithm}) + ".") is None


@pytest.mark.parametrize("secret", [PUBLIC_KEY, pem(PUBLIC_KEY), PUBLIC_KEY.hex().encode(), b""])
@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA"])
def test_the_public_key_is_no_shared_secret(secret: bytes, algorithm: str) -> None:
    assert verified(with_secret(secret, HEADER | {"alg": algorithm})) is None


@pytest.mark.parametrize(
    "signature", ["", "AA", encoded(bytes(64)), encoded(bytes(63)), SIGNATURE + "A", SIGNATURE[:-4]]
)
def test_no_signature_but_the_true_one_is_accepted(signature: str) -> None:
    assert verified(f"{to_sign(PAYLOAD, HEADER)}.{signature}") is None


def test_the_key_of_somebody_else_is_not_accepted() -> None:
    mine = Ed25519PrivateKey.generate()
    text = to_sign(PAYLOAD, HEADER | {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": encoded(b"x" * 32)}})
    assert verified(f"{text}.{encoded(mine.sign(text.encode()))}") is None


@pytest.mark.parametrize("kid", KEY_IDS, ids=repr)
def test_a_key_id_is_looked_up_and_nothing_else(kid: object) -> None:
    assert verified(header(kid=kid)) is None


def test_a_token_without_a_key_id_is_refused() -> None:
    assert verified(signed(header={"alg": "EdDSA"})) is None
    assert Verifier({"None": PUBLIC_KEY}).verify(header(kid="None"), NOW)
    with pytest.raises(Unauthenticated):
        Verifier({"None": PUBLIC_KEY}).verify(signed(header={"alg": "EdDSA"}), NOW)


@pytest.mark.parametrize("extra", [{"jku": "http://127.0.0.1:1/"}, {"x5u": "http://127.0.0.1:1/"}])
def test_no_header_makes_the_verifier_ask_anybody(extra: dict[str, str]) -> None:
    assert verified(header(**extra)) is not None


@pytest.mark.parametrize(
    "extra", [{"crit": ["exp"]}, {"crit": ["unknown"], "unknown": 1}, {"b64": False, "crit": ["b64"]}]
)
def test_a_header_that_asks_for_the_unknown_is_refused(extra: dict[str, Any]) -> None:
    assert verified(header(**extra)) is None


@pytest.mark.parametrize("literal", EXPIRIES)
def test_an_expiry_is_a_whole_number_of_seconds_in_the_future(literal: str) -> None:
    assert verified(raw(exp=literal)) is None


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize("literal", ["1e309", "-1e309", "NaN", '"x"', "[]", "{}", "1" + "0" * 5000])
def test_the_other_times_are_numbers(name: str, literal: str) -> None:
    assert verified(raw(**{name: literal})) is None


@pytest.mark.parametrize("name", ["iss", "sub", "jti", "iat", "kind"])
def test_no_claim_that_is_needed_may_be_missing_or_of_another_type(name: str) -> None:
    assert verified(signed({key: value for key, value in PAYLOAD.items() if key != name})) is None
    for literal in ("null", "[]", "{}"):
        assert verified(raw(**{name: literal})) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"kind": "root"},
        {"kind": ["session"]},
        {"aud": "another service"},
        {"perm": "not base64!"},
        {"perm": 1},
        {"nbf": 2**40},
    ],
    ids=repr,
)
def test_a_claim_that_is_not_for_this_service_is_refused(claims: dict[str, Any]) -> None:
    assert verified(saying(**claims)) is None


def test_of_a_claim_that_comes_twice_the_worse_cannot_win_by_being_first() -> None:
    assert verified(raw(exp="9999999999, " + '"exp": 1')) is None
    assert verified(raw(kind='"session", "kind": "root"')) is None


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"1", b"null", b'"x"', b"\xff", b"[" * 10_000, b'{"a":' * 2000])
def test_a_payload_or_header_that_is_no_object_is_refused(payload: bytes) -> None:
    assert verified(signed(payload)) is None
    assert verified(signed(header=payload)) is None


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "...", "a.b.c", "a.b.c.d", "....." * 100, "\0", "é.é.é", "\ud800", "a" * 65_536, "." * 65_536,
        " ", "Bearer x.y.z", "\r\n", "%", "=", "====", "💥" * 100,
    ],
    ids=lambda text: ascii(text[:20]),
)  # fmt: skip
def test_garbage_is_refused(text: str) -> None:
    assert verified(text) is None
    assert verified(base64.b64encode(json.dumps({"api_key": text}).encode()).decode()) is None


def test_a_token_of_64_kilobytes_is_refused_unread() -> None:
    large = saying(filler="x" * 65_536)
    assert len(large) > MAX_TOKEN_CHARACTERS
    before = time.process_time()
    for _ in range(100):
        assert verified(large) is None
    assert time.process_time() - before < 1.0


def test_base64_in_another_dress_does_not_open_anything_new() -> None:
    head, payload, signature = signed().split(".")
    for padding in ("=", "==", "===", "\n", " "):
        assert verified(f"{head}.{payload}{padding}.{signature}") is None
    last = signature[-1]
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/":
        claims = verified(f"{head}.{payload}.{signature[:-1]}{other}")
        assert claims is None or decoded(signature[:-1] + other) == decoded(signature[:-1] + last)


@settings(max_examples=500)
@given(st.data())
def test_a_token_in_which_anything_was_changed_is_refused(data: st.DataObject) -> None:
    good = token()
    at = data.draw(st.integers(0, len(good) - 1))
    put = data.draw(st.one_of(st.just(""), st.characters(codec="latin-1"), st.sampled_from(list(".=-_A"))))
    changed = good[:at] + put + good[at + data.draw(st.integers(0, 2)) :]
    assert verified(changed) is None or decoded(changed.rsplit(".", 1)[1]) == decoded(good.rsplit(".", 1)[1])


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_any_text_at_all_is_refused(text: str) -> None:
    assert verified(text) is None


@settings(max_examples=300)
@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=5), st.data()
)
def test_any_json_in_any_claim_is_refused_or_understood(value: object, data: st.DataObject) -> None:
    names = [*PAYLOAD, "exp", "nbf", "aud", "role", "perm", "pub", "of", "t"]
    verified(saying(**{data.draw(st.sampled_from(names)): value}))
    verified(header(**{data.draw(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "cty"])): value}))
