"""The keys that tokens are signed with, as they are known in memory, and the files that they were kept in."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from accounts.encryption import CannotDecrypt, MasterKeys
from accounts.signing import files
from accounts.signing.keystore import Kept, Keystore, sealed
from api.errors import Unauthenticated
from api.tokens import Verifier
from tests.unit.clock import Clock
from tests.unit.credentials import claims

MASTER, OTHER = MasterKeys([b"m" * 32]), MasterKeys([b"o" * 32])


def kept(kid: str, signs_from: int | None) -> Kept:
    key = Ed25519PrivateKey.generate()
    kept = None if signs_from is None else sealed(MASTER, kid, key)
    return Kept(kid, key.public_key().public_bytes_raw(), kept, signs_from)


def keystore(*keys: Kept, clock: Clock | None = None, master: MasterKeys = MASTER) -> Keystore:
    made = Keystore(master, clock or Clock())
    made.learn(keys)
    return made


def test_the_newest_key_whose_time_has_come_signs_and_all_verify() -> None:
    clock = Clock()
    keys = keystore(kept("old", 10), kept("new", 1100), kept("imported", None), clock=clock)
    early = keys.sign(claims())
    assert keys.signing_kid() == "old"
    clock.advance(seconds=100.0)
    late = keys.sign(claims())
    assert keys.signing_kid() == "new"
    verifier = Verifier(keys.public_keys())
    assert [verifier.verify(token, now=0).kid for token in (early, late)] == ["old", "new"]
    assert set(keys.public_keys()) == {"old", "new", "imported"}
    assert keys.sign(claims(), "old") == early


def test_a_key_that_routers_do_not_know_yet_does_not_sign() -> None:
    keys = keystore(kept("old", 10), kept("new", 20))
    keys.routers_know({"old"})
    assert keys.signing_kid() == "old"
    keys.routers_know({"old", "new"})
    assert keys.signing_kid() == "new"


def test_a_key_that_was_taken_away_signs_no_more() -> None:
    old, new = kept("old", 10), kept("new", 20)
    keys = keystore(old, new)
    keys.sign(claims(), "old")
    keys.learn([new])
    with pytest.raises(LookupError, match="'old' signs no more"):
        keys.sign(claims(), "old")
    keys.learn([])
    with pytest.raises(LookupError, match="no signing key yet"):
        keys.sign(claims())


def test_without_the_master_key_a_key_still_verifies_and_says_what_is_missing() -> None:
    key = kept("old", 10)
    token = keystore(key).sign(claims())
    elsewhere = keystore(key, master=OTHER)
    assert Verifier(elsewhere.public_keys()).verify(token, now=0) == claims()
    with pytest.raises(CannotDecrypt, match=r"signing key 'old' cannot be used.*TIDINGS_MASTER_KEY"):
        elsewhere.check()


def test_a_private_key_does_not_pass_for_another() -> None:
    one, other = kept("one", 10), kept("other", 20)
    with pytest.raises(CannotDecrypt):
        keystore(one._replace(sealed=other.sealed)).sign(claims())


def test_a_token_of_another_installation_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        Verifier(keystore(kept("key", 10)).public_keys()).verify(keystore(kept("key", 10)).sign(claims()), now=0)


def pem(folder: Path, kid: str, age: int = 0, mode: int = 0o600) -> Ed25519PrivateKey:
    """Write a key as versions did that kept them in files."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key, path = Ed25519PrivateKey.generate(), folder / f"{kid}.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(mode)
    os.utime(path, (1000 - age, 1000 - age))
    return key


def test_files_are_read_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    keys = {kid: pem(tmp_path, kid, age) for kid, age in (("b", 1), ("a", 2), ("c", 0))}
    (tmp_path / "unfinished.new").write_bytes(b"-----BEGIN")
    found = files.read(tmp_path)
    assert [file.kid for file in found] == ["a", "b", "c"]
    assert [file.key.private_bytes_raw() for file in found] == [keys[kid].private_bytes_raw() for kid in "abc"]
    assert files.read(tmp_path / "nothing") == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_not_taken_over(tmp_path: Path, mode: int) -> None:
    pem(tmp_path, "key", mode=mode)
    with pytest.raises(PermissionError, match="chmod 600"):
        files.read(tmp_path)
