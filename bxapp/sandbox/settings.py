"""Every switch of one sandbox portal, with its meaning.

All of them can be changed while the portal runs, through ``PATCH /control/portals/<n>/settings``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class FilterDialect(StrEnum):
    """How ``bizproc.workflow.instances`` reads a filter."""

    PUBLISHED = "published"
    """As every published server: upper case, prefixes ``'' ! < <= > >=``, unknown keys ignored."""
    DOCUMENTED = "documented"
    """As the documentation promises: also ``=`` and ``!=``, field names in any case."""


class TimeForm(StrEnum):
    """How the ``time`` part of an answer is computed."""

    OLDER = "older"
    """``start``, ``duration`` and ``processing`` with fractions of a second."""
    NEWER = "newer"
    """``start`` is a whole second and ``processing`` a difference of whole seconds."""


class OperatingForm(StrEnum):
    """How the limiter of execution time counts."""

    RECORDED = "recorded"
    """Up to spring 2026: ``batch`` itself is not counted, a refusal ends when a basket goes."""
    BAN = "ban"
    """The newest: ``batch`` counts with half of its time, the first refusal starts a ban."""


class TitleRule(StrEnum):
    """What the database does with a status text that does not fit into its column."""

    CUT = "cut"
    """MySQL in its default mode: shortened in silence."""
    REFUSE = "refuse"
    """Strict MySQL or PostgreSQL: a query error, after the workflow has already stopped."""


class Edition(StrEnum):
    CLOUD = "cloud"
    ON_PREMISE = "on_premise"


class SettingError(ValueError):
    """A setting that does not exist, or a value that does not fit it. The message says which."""


@dataclass(slots=True)
class PortalSettings:
    """The behaviour of one portal. Durations are seconds unless the name says otherwise."""

    # What the portal is
    edition: Edition = Edition.CLOUD
    language: str = "en"
    """Language of its own sentences: ``en``, ``de``, ``ru``, ``la``, ``br``, ``fr``, ``pl``, ``ua``."""
    license_family: str = "pro"
    """Answered by ``app.info``."""
    application_status: str = "L"
    """``status`` of the launch form and of tokens: L, F, D, T, P, S."""
    server_endpoint: str = ""
    """``SERVER_ENDPOINT`` told in forms and events; empty means the sandbox's authorization server."""

    # What the plan and the licence allow
    rest_available: bool = True
    """False: ``ACCESS_DENIED`` "REST is available only on commercial plans."."""
    payment_expired: bool = False
    """True: ``PAYMENT_REQUIRED`` from the portal and the authorization server, no events."""
    workflows_available: bool = True
    """False: the ``bizproc`` methods do not exist (``ERROR_METHOD_NOT_FOUND``)."""
    closed: bool = False
    """True: the portal is deleted, or closed for a while: ``PORTAL_DELETED``."""
    closed_status: int = 403
    """HTTP status of ``PORTAL_DELETED``: 403, 410 or 500."""
    public_origin: str = ""
    """Where a TLS proxy in front of the portal answers, such as ``https://portal.example``; empty: none."""
    moved: bool = False
    """True: the portal lives at its new domain; the old one answers 302 with ``Location``."""

    # Dialects
    filter_dialect: FilterDialect = FilterDialect.PUBLISHED
    start_without_count: bool = True
    """``start=-1`` lists without counting; False: such a call fails, as on servers before June 2025."""
    converts_started: bool = True
    """False: ``STARTED`` in filters is compared as raw text, as on servers before June 2025."""
    server_zone_minutes: int = 180
    """The server's offset from UTC: dates are told with it."""
    pad_space: bool = True
    """Blanks at the end of texts count for nothing where they are compared (MySQL's PAD SPACE collations);
    ``LIKE`` minds them. False: they count, as in PostgreSQL."""
    date_filter_shift_minutes: int = 0
    """Offset of date filters from the truth: the caller's zone less the server's."""
    time_form: TimeForm = TimeForm.NEWER
    bearer_known: bool = True
    """False: the header ``Authorization: Bearer`` is not looked at (older portals)."""
    proactive_filter: bool = False
    """True: parameters of a batch that look like an attack are altered."""
    refuses_locked: bool = False
    """True: ``terminate`` refuses what is locked, as very old servers do."""
    leftover_exception: str = ""
    """A leftover exception of another command: code ``ERROR_CORE`` and this text replace an empty code."""
    strict_workflow_id: bool = True
    """True: an ID that is no text is refused as "Invalid workflow instance ID" (newer servers)."""
    update_deletes_handlers: bool = False
    """True: a version update deletes event handlers, as the documentation says."""

    # Texts of states
    title_rule: TitleRule = TitleRule.CUT
    title_length: int = 255
    """Characters the column holds."""
    title_bytes: int = 4
    """Bytes per character of the column: 3 loses everything from the first four-byte character on."""

    # Limits
    rate_limited: bool = False
    rate_capacity: int | None = None
    """X: requests the bucket holds. None: by the plan, 50, or 250 for ``ent``."""
    rate_drain: int | None = None
    """Y: requests that drain once a second. None: by the plan, 2, or 5 for ``ent``."""
    operating_limited: bool = False
    operating_form: OperatingForm = OperatingForm.RECORDED
    operating_limit: float = 480.0
    operating_window: float = 600.0
    operating_basket: float = 60.0
    """Length of a basket; the server's is a clock minute."""
    operating_threshold: float = 0.1
    """Calls of at most this duration are not counted."""
    operating_ban: float = 300.0
    max_parallel: int | None = None
    """Requests served at once; others wait in a queue. None: no bound."""
    request_time_limit: float | None = None
    """A request that runs longer dies with HTTP 504 and HTML (60 s in the cloud). None: no bound."""

    # Durations of commands
    call_seconds: float = 0.0
    """Every method without an own duration."""
    list_seconds: float = 0.0
    terminate_seconds: float = 0.0
    terminate_spread: float = 0.0
    """Share by which a terminate may be longer or shorter, 0 to 1."""
    slow_terminate_seconds: float = 2.0
    """A ``slow`` workflow, and a ``parent`` that runs on."""

    # Life of workflows
    life_rate_per_second: float = 0.0
    """Events of life per second: a workflow starts, resumes, or ends by itself. 0: none."""
    executing_seconds: float = 5.0
    """How long one that is being executed works before it saves itself."""
    first_run_seconds: float = 0.0
    """A started workflow has no row before its first run is over."""
    short_life_seconds: float = 3.0
    """After this a ``short_lived`` workflow ends by itself."""
    lock_seconds: float = 300.0
    """``OWNED_UNTIL`` is set this far ahead when a workflow resumes."""

    # Tokens and events
    access_token_seconds: float = 3600.0
    refresh_token_seconds: float = 180 * 86400.0
    code_seconds: float = 30.0
    token_error_status: int = 401
    """HTTP status of a failed token check: 401 in the source, 403 or 503 for some in the documentation."""
    dismissed_code: str = "authorization_error"
    """What a dismissed owner's token is answered: this, or ``ACCESS_DENIED``."""
    absent_code: str = "APPLICATION_NOT_FOUND"
    """What the token of a removed application is answered: this, ``ERROR_OAUTH`` or ``NOT_INSTALLED``."""
    https_required: bool = False
    """True: incoming webhooks over http are refused with ``INVALID_REQUEST``."""
    code_answer_short: bool = True
    """The answer to a code lacks ``expires`` and ``user_id``, as documented; the SDKs expect them."""
    one_time_refresh: bool = True
    """A refresh token is worth nothing once it was used; the loser of two gets ``invalid_grant``."""
    moves_pairs_of_dismissed: bool = False
    """True: a dismissed owner's pair is refreshed as one of a system user (Market applications)."""
    scope_joint: str = ","
    """What stands between scopes in answers: ``,`` or ``, ``."""
    token_check_cache_seconds: float = 0.0
    """How long the portal remembers the check of a token, refusals too (an hour in truth)."""
    event_delay_seconds: float = 0.0
    """The queue server's delay before an event is posted."""

    def change(self, updates: dict[str, Any]) -> None:
        """Apply ``updates`` (name to value). All or nothing: raises :class:`SettingError` if one is wrong."""
        known = {field.name: str(field.type) for field in fields(self)}
        checked: dict[str, Any] = {}
        for name, value in updates.items():
            if name not in known:
                raise SettingError(f"There is no setting {name!r}.")
            checked[name] = _fit(name, known[name], value)
        for name, value in checked.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """All settings as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


_ENUMS: dict[str, type[StrEnum]] = {
    kind.__name__: kind for kind in (FilterDialect, TimeForm, OperatingForm, TitleRule, Edition)
}


def _fit(name: str, kind: str, value: object) -> object:
    base = kind.removesuffix(" | None")
    if value is None and base != kind:
        return None
    if base in _ENUMS:
        try:
            return _ENUMS[base](str(value))
        except ValueError as error:
            raise SettingError(
                f"{name}: {value!r} is none of {[str(one) for one in _ENUMS[base]]}."
            ) from error
    if base == "bool" and isinstance(value, bool):
        return value
    if base == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if base == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if base == "str" and isinstance(value, str):
        return value
    raise SettingError(f"{name}: {value!r} is not {base}.")
