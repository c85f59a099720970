"""``manage.py rotate_keys``: encrypt all stored tokens with the first of TOKEN_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from bxapp.portals.rotation import encrypt_anew

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = (
        "Encrypts all stored tokens with the first of TOKEN_ENCRYPTION_KEYS. Afterwards the other keys can "
        "be removed. Fails when a token is readable with none of them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--drop-unreadable",
            action="store_true",
            help="empty tokens whose key is lost; an administrator has to open the application again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rotation = encrypt_anew(drop_unreadable=options["drop_unreadable"])
        self.stdout.write(f"Encrypted anew: {rotation.encrypted} rows.")
        if rotation.unreadable and not options["drop_unreadable"]:
            raise CommandError(
                f"{rotation.unreadable} rows are readable with none of TOKEN_ENCRYPTION_KEYS; put the "
                "missing key back, or give the tokens up with --drop-unreadable."
            )
        if rotation.unreadable:
            self.stdout.write(f"Given up: tokens in {rotation.unreadable} rows.")
