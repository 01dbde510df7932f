"""Passwords: what is accepted, and how they are kept."""

from __future__ import annotations

from argon2 import PasswordHasher

from ecrm_core.errors import InvalidValue

SHORTEST = 10
LONGEST = 200
"""Hashing takes time with the length: nobody may send a book."""

hasher = PasswordHasher()
"""Argon2id with the library's current parameters."""


def hash_password(password: str) -> str:
    """The Argon2id hash that is kept of a password.

    Raises:
        InvalidValue: shorter than ten characters, or absurdly long.
    """
    if len(password) < SHORTEST:
        raise InvalidValue("password", None, "too_short", limit=SHORTEST)
    if len(password) > LONGEST:
        raise InvalidValue("password", None, "too_long", limit=LONGEST)
    return hasher.hash(password)
