"""What is asked of the portal for a filter: never less than is meant, with the oldest operators only.

Published servers know few operators, ignore keys that they do not know (the list is then unfiltered), compare
bare texts by ``LIKE``, and may be wrong about dates by the offset between two time zones. So more than is
meant is asked for where the exact thing cannot be said to every server, and every row is compared here.
(``bizproc/lib/restservice.php``, ``main/classes/general/sqlwhere.php``.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.encoding import changes_in_batch
from bxapp.bitrix.methods.instances import HUNG_AFTER
from bxapp.workflows.states import RowState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from bxapp.workflows.filters import Filter, Known
    from bxapp.workflows.kinds import DocumentKind

# No two time zones are further apart than 26 hours.
_MARGIN = timedelta(hours=26)
# PHP reads at most 1,000 values of one command (max_input_vars), in silence.
MOST_VALUES = 200
# No ID comes before it, in any collation: they begin with a letter or a digit.
_BEFORE_ALL_IDS = "!"


@dataclass(slots=True)
class Question:
    """``asked`` is the filter of the portal's list.

    ``is_exact``: every published server lists just what is meant, so its count is the count of it; a row
    is checked all the same. ``certain`` is a narrower filter, where there is one: all of what it counts is
    meant, so the count is "at least".
    """

    asked: dict[str, Any] = field(default_factory=dict)
    is_exact: bool = True
    certain: dict[str, Any] | None = None

    def narrow(self, asked: dict[str, Any], *, exactly: bool = True) -> None:
        """Add to it; an empty addition that should have been one makes the list wider than what is meant."""
        self.asked |= asked
        self.is_exact = self.is_exact and exactly and bool(asked)


NOTHING: dict[str, Any] = {"<=ID": _BEFORE_ALL_IDS}


def of(meant: Filter, now: datetime, known: Known) -> Question:
    """Return the question for what is meant at ``now``."""
    question = Question(is_exact=known.is_complete)
    if meant.is_impossible:
        question.narrow(NOTHING)
        return question
    if meant.ids or known.awaited is not None:
        ids = meant.ids & known.awaited if meant.ids and known.awaited is not None else None
        ids = (meant.ids or known.awaited or frozenset()) if ids is None else ids
        question.narrow(_texts("ID", ids) if ids else NOTHING, exactly=len(ids) <= 1)
    _ask_templates(question, meant, known)
    if meant.started_by or meant.started_by_dismissed:
        starters = meant.started_by | (known.dismissed or frozenset())
        question.narrow(_numbers("STARTED_BY", starters))
    if meant.documents:
        question.narrow(_texts("DOCUMENT_ID", meant.documents), exactly=len(meant.documents) == 1)
    if meant.kinds:
        asked, exactly = _kinds(meant.kinds)
        question.narrow(asked, exactly=exactly)
    question.certain = dict(question.asked) if question.is_exact and meant.state is None else None
    _ask_dates(question, meant, now)
    match meant.state:
        case RowState.HUNG:
            latest = now - HUNG_AFTER + _MARGIN
            question.narrow({"<=OWNED_UNTIL": _written(latest)}, exactly=False)
        case RowState.EXECUTING:
            question.narrow({">=OWNED_UNTIL": _written(now - _MARGIN)}, exactly=False)
        case RowState.RUNNING:
            # An empty date cannot be asked for in a way that every server understands.
            question.is_exact = False
    return question


def _ask_templates(question: Question, meant: Filter, known: Known) -> None:
    listed = known.listed_templates
    if meant.origin is None:
        if meant.templates:
            question.narrow(_numbers("TEMPLATE_ID", meant.templates))
        return
    if listed is None:
        question.is_exact = False
        return
    if meant.origin == "workflows":
        question.narrow(_numbers("TEMPLATE_ID", meant.templates & listed if meant.templates else listed))
    elif meant.templates:
        question.narrow(_numbers("TEMPLATE_ID", meant.templates - listed - {0}))
    elif len(listed) < MOST_VALUES:
        question.narrow({"!TEMPLATE_ID": [0, *sorted(listed)]})
    else:
        question.is_exact = False


def _ask_dates(question: Question, meant: Filter, now: datetime) -> None:
    """Ask with a margin on both sides; what lies the margin within is certain."""
    for name, (since, before) in (
        ("STARTED", meant.started_between(now)),
        ("MODIFIED", meant.modified_between(now)),
    ):
        for sign, moment, outwards in ((">=", since, -_MARGIN), ("<=", before, _MARGIN)):
            if moment is None:
                continue
            question.narrow({f"{sign}{name}": _written(moment + outwards)}, exactly=False)
            if question.certain is not None:
                question.certain[f"{sign}{name}"] = _written(moment - outwards)


def _numbers(name: str, numbers: Collection[int]) -> dict[str, Any]:
    if not numbers:
        return NOTHING
    # An empty column is no 0 to every database, but it is one here.
    return {name: sorted(numbers)} if len(numbers) <= MOST_VALUES and 0 not in numbers else {}


def _texts(name: str, texts: Collection[str]) -> dict[str, Any]:
    """Return the question for texts; none where a batch or LIKE may change one of them."""
    if len(texts) > MOST_VALUES or any(changes_in_batch(text) for text in texts):
        return {}
    if len(texts) == 1:
        return _exactly(name, next(iter(texts)))
    # A list is compared by LIKE, where a backslash would escape.
    return {} if any("\\" in text for text in texts) else {name: sorted(texts)}


def _exactly(name: str, text: str) -> dict[str, Any]:
    return {f">={name}": text, f"<={name}": text}


def _kinds(kinds: Collection[DocumentKind]) -> tuple[dict[str, Any], bool]:
    """Return the question for kinds of documents, and whether it lists nothing else."""
    modules = {kind.module_id for kind in kinds}
    if "" in modules or any(changes_in_batch(kind.module_id + kind.entity) for kind in kinds):
        return {}, False
    if len(modules) > 1:
        return {"MODULE_ID": sorted(modules)}, not any(kind.entity or kind.document_id for kind in kinds)
    asked = _exactly("MODULE_ID", modules.pop())
    entities = {kind.entity for kind in kinds}
    is_all = not any(kind.document_id for kind in kinds)
    if "" in entities:
        return asked, is_all and any(not kind.entity for kind in kinds)
    if len(entities) == 1:
        return asked | _exactly("ENTITY", entities.pop()), is_all
    if any("\\" in entity for entity in entities):
        return asked, False
    return asked | {"ENTITY": sorted(entities)}, is_all


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
