"""What one can switch at the frame page, in its query string.

The names begin with an underscore, as the portal's own service parameters do: they never reach
``PLACEMENT_OPTIONS``, which otherwise holds the whole query string of the page (facts section 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "DEFAULT"
PLACEMENTS = (
    DEFAULT,
    "CRM_DEAL_DETAIL_TAB",
    "CRM_LEAD_DETAIL_TAB",
    "CRM_CONTACT_DETAIL_TAB",
    "CRM_COMPANY_DETAIL_TAB",
    "LEFT_MENU",
)
LANGUAGES = (
    "en",
    *("ar", "br", "de", "fr", "id", "in", "it", "ja", "kz", "la"),
    *("ms", "pl", "ru", "sc", "tc", "th", "tr", "ua", "vn"),
)
"""The portal's codes, of which some are not ISO 639."""


@dataclass(frozen=True, slots=True)
class Switches:
    """``_placement``, ``_entity`` (ID of the card), ``_lang``, ``_form=older`` and ``_paths=older``."""

    placement: str = DEFAULT
    entity_id: str = "1633"
    language: str = ""
    older_form: bool = False
    older_paths: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Switches:
        """The switches of a page's query string; what is missing keeps its default."""
        return cls(
            placement=query.get("_placement", "").upper() or DEFAULT,
            entity_id=query.get("_entity", "") or "1633",
            language=query.get("_lang", ""),
            older_form=query.get("_form") == "older",
            older_paths=query.get("_paths") == "older",
        )

    @property
    def in_default_placement(self) -> bool:
        return self.placement == DEFAULT
