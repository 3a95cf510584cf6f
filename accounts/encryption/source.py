"""Where master keys come from: a setting, a file that somebody keeps, or one made in the data folder."""

import base64
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from accounts.encryption.master_keys import MasterKeys
from accounts.identifiers import new_secret
from api.secret_keys import KEY_BYTES

KEY_FILE = "master.key"


@dataclass(frozen=True, slots=True)
class MasterKeySource:
    """What was set. Where nothing was, the key is in the data folder, and is made there at the first start.

    Attributes:
        text: Keys in base64, the one that encrypts first.
        file: The path of a file with such a text.
    """

    text: str = field(default="", repr=False)
    file: Path | None = None

    def read(self, data_dir: Path) -> MasterKeys:
        """Return the keys.

        Raises:
            InvalidMasterKey: what was set holds none.
            PermissionError: others than the owner may read the key in the data folder.
            OSError: the file cannot be read.
        """
        if self.text:
            return MasterKeys.of_text(self.text)
        if self.file is not None:
            return MasterKeys.of_text(self.file.read_text())
        return MasterKeys.of_text(_kept_in(data_dir / KEY_FILE))


def _kept_in(path: Path) -> str:
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"the master key {path} can be read by others; run chmod 600 {path}")
    return path.read_text()


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{new_secret()}.new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # of those that start together the first one's key is everybody's
        os.link(unfinished, path)
    unfinished.unlink()
