import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accounts.signing.keystore import Keystore
from api.errors import Unauthenticated
from api.tokens import Verifier
from tests.unit.credentials import claims


def opened(folder: Path) -> Keystore:
    keystore = Keystore(folder)
    keystore.open()
    return keystore


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_key_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    opened(tmp_path / "keys")
    (file,) = (tmp_path / "keys").iterdir()
    assert (mode(tmp_path / "keys"), mode(file)) == (0o700, 0o600)


def test_a_token_holds_after_a_restart_and_not_elsewhere(tmp_path: Path) -> None:
    token = opened(tmp_path / "keys").sign(claims())
    assert Verifier(opened(tmp_path / "keys").public_keys()).verify(token, time.time()) == claims()
    with pytest.raises(Unauthenticated):
        Verifier(opened(tmp_path / "others").public_keys()).verify(token, time.time())


def test_those_who_start_together_share_the_first_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keystores = list(threads.map(opened, [tmp_path / "keys"] * 8))
    assert len({tuple(keystore.public_keys()) for keystore in keystores}) == 1


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    opened(tmp_path / "keys")
    (file,) = (tmp_path / "keys").iterdir()
    file.chmod(0o640)
    with pytest.raises(PermissionError, match="chmod 600"):
        opened(tmp_path / "keys")
