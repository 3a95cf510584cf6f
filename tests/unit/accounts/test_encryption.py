"""Secrets at rest: what encrypts them, and where its keys come from."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE

import pytest

from accounts.encryption import KEY_FILE, CannotDecrypt, InvalidMasterKey, MasterKeys, MasterKeySource

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def text(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


def test_what_was_encrypted_is_read_again_and_shows_nothing() -> None:
    keys = MasterKeys([OLD])
    kept = keys.encrypt(b"a secret", "totp user_1")
    assert keys.decrypt(kept, "totp user_1") == b"a secret"
    assert "secret" not in kept
    assert keys.encrypt(b"a secret", "totp user_1") != kept


def test_a_secret_does_not_serve_another_purpose() -> None:
    keys = MasterKeys([OLD])
    with pytest.raises(CannotDecrypt, match="another purpose"):
        keys.decrypt(keys.encrypt(b"a secret", "totp user_1"), "totp user_2")


def test_a_new_master_key_encrypts_while_the_old_one_still_decrypts() -> None:
    kept = MasterKeys([OLD]).encrypt(b"a secret", "x")
    both = MasterKeys([NEW, OLD])
    assert both.decrypt(kept, "x") == b"a secret"
    assert both.is_outdated(kept)
    anew = both.encrypt(b"a secret", "x")
    assert not both.is_outdated(anew)
    assert MasterKeys([NEW]).decrypt(anew, "x") == b"a secret"


def test_a_key_that_is_not_here_is_named_by_its_id() -> None:
    old = MasterKeys([OLD])
    with pytest.raises(CannotDecrypt, match=old.newest):
        MasterKeys([NEW]).decrypt(old.encrypt(b"a secret", "x"), "x")


@pytest.mark.parametrize("damage", ["", "1", "1.", "2.x.y", "{}x", "{}=x", "{}AAAA", "\0"])
def test_what_is_damaged_is_refused(damage: str) -> None:
    keys = MasterKeys([OLD])
    with pytest.raises(CannotDecrypt):
        keys.decrypt(damage.format(keys.encrypt(b"a secret", "x")), "x")


@pytest.mark.parametrize("wrong", ["", " , ", "short", "not base64!", base64.b64encode(bytes(31)).decode()])
def test_a_text_without_a_key_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(InvalidMasterKey, match="openssl rand") as refused:
        MasterKeys.of_text(wrong)
    assert not wrong.strip(" ,") or wrong not in str(refused.value)


def test_no_key_is_shown_where_its_holder_is_printed(tmp_path: Path) -> None:
    source = MasterKeySource(text(OLD))
    shown = f"{source!r} {source.read(tmp_path)!r}"
    assert text(OLD) not in shown
    assert OLD.hex() not in shown


def test_the_key_of_a_data_folder_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(MasterKeySource().read, [tmp_path / "data"] * 16))
    assert len({keys.newest for keys in made}) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == [KEY_FILE]
    assert S_IMODE((tmp_path / "data" / KEY_FILE).stat().st_mode) == 0o600


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    MasterKeySource().read(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(PermissionError, match="chmod 600"):
        MasterKeySource().read(tmp_path)


def test_a_file_that_was_set_is_read_and_nothing_is_made(tmp_path: Path) -> None:
    file = tmp_path / "mounted"
    file.write_text(f"{text(NEW)}\n{text(OLD)}\n")
    keys = MasterKeySource(file=file).read(tmp_path / "data")
    assert keys.newest == MasterKeys([NEW]).newest
    assert keys.decrypt(MasterKeys([OLD]).encrypt(b"a secret", "x"), "x") == b"a secret"
    assert not (tmp_path / "data").exists()
