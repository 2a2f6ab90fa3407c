"""A gallery's bytes under a passphrase.

The key is made of the passphrase with scrypt (RFC 7914) at the cost that OWASP recommends, and the
bytes are sealed with AES-256-GCM (NIST SP 800-38D): nothing in them can be read, and no bit can be
changed unnoticed.
"""

import hashlib
import os
import sys
from getpass import getpass
from pathlib import Path

from livevision.errors import GalleryError

VARIABLE = "LIVEVISION_PASSPHRASE"
"""The environment variable with the passphrase, for programs; a person is asked."""
_MARK = b"livevision gallery, encrypted 1\n"
_SALT, _NONCE = 16, 12
_COST = 1 << 17
"""scrypt's N: 128 MB and half a second for each guess."""

_keys: dict[bytes, bytes] = {}
"""Keys of this process by their salts: a person is asked once, and pays for the key once."""


def is_encrypted(path: Path) -> bool:
    """Whether a file is an encrypted gallery; OSError if it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_MARK)) == _MARK


def is_known(path: Path) -> bool:
    """Whether a file can be read without asking for a passphrase; OSError if it cannot be read."""
    with path.open("rb") as file:
        head = file.read(len(_MARK) + _SALT)
    return not head.startswith(_MARK) or VARIABLE in os.environ or head[len(_MARK) :] in _keys


def unlock(sealed: bytes, path: Path) -> tuple[bytes, bytes]:
    """The content of an encrypted gallery's bytes, and the salt for `seal` to use again.

    `path` is what to call it. Raises GalleryError if the passphrase is wrong, or if there is nobody
    to be asked for it.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    start = len(_MARK) + _SALT
    salt, nonce = sealed[len(_MARK) : start], sealed[start : start + _NONCE]
    key = _keys.get(salt) or _key(_asked(path), salt)
    try:
        content = AESGCM(key).decrypt(nonce, sealed[start + _NONCE :], sealed[:start])
    except (InvalidTag, ValueError) as error:  # ValueError: cut off before the content
        raise GalleryError(
            f"That is not the passphrase of the gallery {path}, or the file is damaged. "
            "Try again, or restore a backup."
        ) from error
    _keys[salt] = key
    return content, salt


def seal(content: bytes, salt: bytes) -> bytes:
    """The encrypted bytes; the key of `salt` must be known from `unlock` or `begin`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)  # never twice with one key
    head = _MARK + salt
    return head + nonce + AESGCM(_keys[salt]).encrypt(nonce, content, head)


def begin(path: Path) -> bytes:
    """Ask for a new passphrase; the salt for `seal`. GalleryError if it is empty or mistyped."""
    passphrase = os.environ.get(VARIABLE)
    if passphrase is None:
        why = f"The gallery {path} is to be encrypted"
        passphrase = _ask(f"New passphrase for {path}: ", why)
        if passphrase != _ask("The same once more: ", why):
            raise GalleryError("The two passphrases differ. Nothing was changed; try again.")
    if not passphrase:
        raise GalleryError("The passphrase is empty. Nothing was changed; give a longer one.")
    salt = os.urandom(_SALT)
    _keys[salt] = _key(passphrase, salt)
    return salt


def _key(passphrase: str, salt: bytes) -> bytes:
    secret = passphrase.encode("utf-8", "surrogateescape")
    return hashlib.scrypt(secret, salt=salt, n=_COST, r=8, p=1, maxmem=_COST * 2048, dklen=32)


def _asked(path: Path) -> str:
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    return _ask(f"Passphrase of {path}: ", f"The gallery {path} is encrypted")


def _ask(words: str, why: str) -> str:
    if not sys.stdin.isatty():
        raise GalleryError(
            f"{why} and there is nobody to ask for its passphrase. "
            f"Put it into the environment variable {VARIABLE}."
        )
    try:
        return getpass(words)
    except EOFError as error:
        raise GalleryError("No passphrase was given. Try again.") from error
