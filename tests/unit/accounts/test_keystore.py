"""The files of the keys that tokens are signed with."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE

import pytest

from accounts.signing.keystore import Keystore
from api.errors import Unauthenticated
from api.tokens import Verifier
from tests.unit.credentials import claims


def opened(folder: Path) -> Keystore:
    keystore = Keystore(folder)
    keystore.open()
    return keystore


def test_the_first_start_makes_one_key_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    opened(tmp_path / "keys")
    (path,) = (tmp_path / "keys").iterdir()
    assert path.suffix == ".pem"
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_token_holds_over_a_restart(tmp_path: Path) -> None:
    token = opened(tmp_path).sign(claims())
    assert Verifier(opened(tmp_path).public_keys()).verify(token, now=0) == claims()


def test_the_newest_key_signs_and_the_older_ones_still_verify(tmp_path: Path) -> None:
    old = opened(tmp_path / "old")
    new = opened(tmp_path / "new")
    for path in (tmp_path / "new").iterdir():
        path.rename(tmp_path / "old" / path.name)
    both = opened(tmp_path / "old")
    assert Verifier(both.public_keys()).verify(old.sign(claims()), now=0) == claims()
    assert Verifier(new.public_keys()).verify(both.sign(claims()), now=0) == claims()


def test_a_token_of_another_installation_is_refused(tmp_path: Path) -> None:
    here, elsewhere = opened(tmp_path / "here"), opened(tmp_path / "elsewhere")
    with pytest.raises(Unauthenticated):
        Verifier(here.public_keys()).verify(elsewhere.sign(claims()), now=0)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    opened(tmp_path)
    (path,) = tmp_path.iterdir()
    path.chmod(mode)
    with pytest.raises(PermissionError, match="chmod 600"):
        opened(tmp_path)


def test_a_file_that_was_not_finished_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "sign_1.new").write_bytes(b"-----BEGIN")
    assert len(opened(tmp_path).public_keys()) == 1


def test_many_that_start_at_once_share_the_first_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keystores = list(threads.map(opened, [tmp_path / "keys"] * 16))
    assert len({tuple(keystore.public_keys()) for keystore in keystores}) == 1
