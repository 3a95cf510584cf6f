import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from api.errors import Unauthenticated
from api.permissions import super_user_permissions
from api.tokens import Claims, Kind, Signer, Verifier, pack_credential, unpack_credential
from tests.unit.api.forgery import saying, signed
from tests.unit.credentials import PUBLIC_KEYS, SIGNER, claims, token

NOW = time.time()
VERIFIER = Verifier(PUBLIC_KEYS)
KINDS: list[Kind] = ["session", "key", "api_token", "disposable", "refresh"]


@given(
    st.builds(
        Claims,
        kind=st.sampled_from(KINDS),
        account_id=st.text(),
        id=st.text(),
        issued_at=st.integers(0, 2**40),
        expires_at=st.one_of(st.none(), st.integers(int(NOW) + 1, 2**53 - 1)),
        role_id=st.text(),
        permissions=st.binary(),
        publisher_id=st.text(),
        refreshes=st.text(),
    )
)
def test_what_is_signed_is_verified(said: Claims) -> None:
    assert VERIFIER.verify(SIGNER.sign(said), NOW) == said


def test_a_token_holds_until_the_second_of_its_expiry() -> None:
    expires_at = int(NOW) + 60
    short = token(expires_at=expires_at)
    assert VERIFIER.verify(short, expires_at - 0.001).expires_at == expires_at
    with pytest.raises(Unauthenticated, match="has expired"):
        VERIFIER.verify(short, expires_at)


def test_a_token_without_an_expiry_never_expires() -> None:
    assert VERIFIER.verify(token(), NOW + 1e12).expires_at is None


def test_only_a_key_bound_to_a_role_says_so_to_sdks() -> None:
    for kind in KINDS:
        payload = jwt.decode(token(kind), options={"verify_signature": False})
        assert payload.get("t") == ("g" if kind == "key" else None)


def test_a_token_of_another_signing_key_is_known_by_its_id() -> None:
    other = Ed25519PrivateKey.generate()
    both = Verifier({**PUBLIC_KEYS, "key-2": other.public_key().public_bytes_raw()})
    assert both.verify(Signer("key-2", other).sign(claims()), NOW) == both.verify(token(), NOW) == claims()
    with pytest.raises(Unauthenticated, match="not signed by this service"):
        VERIFIER.verify(Signer("key-2", other).sign(claims()), NOW)
    with pytest.raises(Unauthenticated, match="signature is wrong"):
        both.verify(Signer("key-1", other).sign(claims()), NOW)


def test_what_is_signed_by_hand_is_verified_too() -> None:
    assert VERIFIER.verify(signed(), NOW) == claims("session", permissions=b"")
    assert VERIFIER.verify(saying(exp=int(NOW) + 9), NOW).expires_at == int(NOW) + 9


def test_no_error_shows_the_token(caplog: pytest.LogCaptureFixture) -> None:
    broken = token()[:-10]
    with pytest.raises(Unauthenticated) as refusal:
        VERIFIER.verify(broken, NOW)
    assert broken not in str(refusal.value)
    assert caplog.text == ""


@given(st.text(), st.text())
def test_a_packed_credential_is_base64_that_sdks_recognise(endpoint: str, api_key: str) -> None:
    packed = pack_credential(endpoint, api_key)
    plain = base64.b64decode(packed, validate=True)
    assert base64.b64encode(plain).decode() == packed
    members = json.loads(plain)
    assert members == {"endpoint": endpoint, "api_key": api_key}
    assert all(isinstance(member, str) for member in members.values())


@given(st.text(), st.text())
def test_a_packed_credential_is_unpacked(endpoint: str, api_key: str) -> None:
    assert unpack_credential(pack_credential(endpoint, api_key)) == api_key


@given(st.text())
def test_whatever_is_not_packed_is_left_as_it_is(text: str) -> None:
    assert unpack_credential("." + text) == "." + text
    for value in ("[]", "1", "{}", "null", '{"api_key": 1}', "[" * 10_000, "1" * 5000):
        packed = base64.b64encode(value.encode()).decode()
        assert unpack_credential(packed) == packed


def test_a_token_itself_needs_no_unpacking() -> None:
    assert unpack_credential(token()) == token()
    assert VERIFIER.verify(unpack_credential(pack_credential("localhost", token())), NOW).account_id == "acme"


def test_tokens_stay_well_below_the_limits_of_metadata() -> None:
    assert len(token(permissions=super_user_permissions() * 20, publisher_id="x" * 64)) < 1000
