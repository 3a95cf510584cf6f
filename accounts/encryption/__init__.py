"""Secrets that the database must hold, encrypted by keys that it does not."""

from accounts.encryption.master_keys import CannotDecrypt, InvalidMasterKey, MasterKeys
from accounts.encryption.source import KEY_FILE, MasterKeySource

__all__ = ["KEY_FILE", "CannotDecrypt", "InvalidMasterKey", "MasterKeySource", "MasterKeys"]
