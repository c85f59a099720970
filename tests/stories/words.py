"""The words of a screen in the language that its person reads."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import translation


@dataclass(frozen=True, slots=True)
class Words:
    """Finds what a screen says by its English source, as far as it is translated."""

    language: str = "en"

    def __call__(self, text: str, **values: object) -> str:
        with translation.override(self.language):
            return translation.gettext(text) % values if values else translation.gettext(text)

    def count(self, one: str, many: str, count: int) -> str:
        """Return a sentence with ``%(number)s`` in the form that goes with ``count``."""
        with translation.override(self.language):
            return translation.ngettext(one, many, count) % {"number": f"{count}"}

    def under_number(self, text: str, count: int) -> str:
        """Return what stands under a number of workflows, in the form that goes with it."""
        with translation.override(self.language):
            return translation.npgettext("under the number of workflows", text, text, count)
