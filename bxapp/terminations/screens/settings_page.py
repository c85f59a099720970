"""What the screen "Settings" shows; it is on the highest floor, because it shows what every room keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import get_language_info, pgettext_lazy

from bxapp.bitrix.status_text import LONGEST_CHARACTERS
from bxapp.portals import preferences
from bxapp.portals.models import Preference
from bxapp.terminations.jobs import messages, saved_messages
from bxapp.web import version
from bxapp.web.middleware import supported_language
from bxapp.workflows import keeping, overview_keeping, protected, saved, saved_filters

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from bxapp.portals.sessions import Actor
    from bxapp.terminations.models import SavedMessage
    from bxapp.workflows.models import ProtectedTemplate
    from bxapp.workflows.saved_filters import Offered

THEMES: tuple[tuple[str, _StrPromise], ...] = (
    (Preference.Theme.SYSTEM.value, pgettext_lazy("theme", "As the system")),
    (Preference.Theme.LIGHT.value, pgettext_lazy("theme", "Light")),
    (Preference.Theme.DARK.value, pgettext_lazy("theme", "Dark")),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A form that could not be taken: shown again as typed, with a sentence at the field that is wrong.

    ``number``: of the saved thing, 0 for a new one. ``field``: ``name`` or ``text``.
    """

    number: int
    field: str
    sentence: str
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """A language to choose, in its own name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """``fault`` belongs to the section that is named like ``faulty_section``."""

    actor: Actor
    fault: Fault | None = None
    faulty_section: str = ""

    @property
    def messages(self) -> list[SavedMessage]:
        return saved_messages.SHELF.all_of(self.actor.portal)

    @property
    def message_fault(self) -> Fault | None:
        return self.fault if self.faulty_section == "messages" else None

    @property
    def filters(self) -> list[Offered]:
        return saved_filters.offered(self.actor.portal)

    @property
    def filter_fault(self) -> Fault | None:
        return self.fault if self.faulty_section == "filters" else None

    @property
    def protected(self) -> list[ProtectedTemplate]:
        return protected.all_of(self.actor.portal)

    @property
    def preference(self) -> Preference:
        return preferences.of(self.actor.grant)

    @property
    def languages(self) -> list[Language]:
        return [_language(code) for code, _name in settings.LANGUAGES]

    @property
    def portal_language(self) -> Language:
        return _language(supported_language(self.actor.grant.language or self.actor.portal.language))

    @property
    def themes(self) -> tuple[tuple[str, _StrPromise], ...]:
        return THEMES

    @property
    def longest_name(self) -> int:
        return saved.LONGEST_NAME_CHARACTERS

    @property
    def longest_message(self) -> int:
        return LONGEST_CHARACTERS

    @property
    def placeholders(self) -> list[str]:
        return [f"{{{name}}}" for name in messages.PLACEHOLDERS]

    @property
    def journal_days(self) -> int:
        return settings.JOURNAL_KEPT.days

    @property
    def selection_days(self) -> int:
        return keeping.KEPT_FOR.days

    @property
    def overview_days(self) -> int:
        return overview_keeping.KEPT_FOR.days

    @property
    def version(self) -> str:
        return version.current()


def _language(code: str) -> Language:
    name = get_language_info(code)["name_local"]
    return Language(code, f"{name[:1].upper()}{name[1:]}")
