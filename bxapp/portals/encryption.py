"""Encryption at rest: tokens are stored as Fernet texts, readable with any configured key."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.expressions import Expression

    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


class UnreadableSecretError(Exception):
    """A stored secret was encrypted with a key that TOKEN_ENCRYPTION_KEYS no longer holds."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """Return the cipher of the configured keys: the first encrypts, all decrypt."""
    return _cipher(tuple(settings.TOKEN_ENCRYPTION_KEYS))


class SecretField(TextField):
    """Text that is clear in Python and encrypted in the database; an empty text stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return cipher().encrypt(text.encode()).decode() if text else text

    def from_db_value(
        self, value: str | None, _expression: Expression, _connection: BaseDatabaseWrapper
    ) -> str | None:
        """Return the clear text.

        Raises UnreadableSecretError when no configured key fits.
        """
        if not value:
            return value
        try:
            return cipher().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise UnreadableSecretError("No key in TOKEN_ENCRYPTION_KEYS reads this stored token.") from error

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse comparisons in the database: the same text never encrypts to the same value twice."""
        if lookup_name != "isnull":
            raise TypeError("An encrypted field cannot be searched.")
        return super().get_lookup(lookup_name)
