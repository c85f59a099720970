"""Triggers that hold the state machines of ``states.py`` in the database, whoever writes.

A job or an item begins in its first state, and only a transition that ``states.py`` names may follow. The
outcome of an item that is done stays as it is, but for the amendments named there.

The triggers are put in place after every ``migrate`` (``apps.py``) and not by one migration: they are made of
data that may change, and SQLite loses them whenever a migration makes the table anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from bxapp.terminations import states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.backends.base.base import BaseDatabaseWrapper

JOBS, ITEMS = "terminations_job", "terminations_item"
_REFUSE = "terminations_refuse"


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger: it refuses, with ``sentence``, the ``event`` on a row of ``table`` where ``when`` holds."""

    name: str
    table: str
    event: str
    when: str
    sentence: str

    @property
    def digest(self) -> str:
        return sha256(repr(self).encode()).hexdigest()[:16]


def guards() -> list[Guard]:
    """Return the triggers that ``states.py`` asks for."""
    return [
        *_of_machine(JOBS, "job", states.FIRST_JOB_STATE, states.JOB_TRANSITIONS),
        *_of_machine(ITEMS, "item", states.FIRST_ITEM_STATE, states.ITEM_TRANSITIONS),
        Guard(
            "item_outcome_stays",
            ITEMS,
            "UPDATE OF outcome, reason",
            f"OLD.state = '{states.ItemState.DONE}' AND NEW.state = '{states.ItemState.DONE}'"
            " AND (OLD.outcome <> NEW.outcome OR OLD.reason <> NEW.reason)"
            f" AND NOT ({_any(_amendments())})",
            "The outcome of an item that is done stays as it is.",
        ),
    ]


def ensure(using: str = "default", **_signal: Any) -> None:
    """Put the triggers in place where they are missing or of other states; a receiver of post_migrate."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    if not {JOBS, ITEMS} <= tables:
        return
    wanted, present = {(guard.name, guard.table, guard.digest) for guard in guards()}, installed(connection)
    if wanted == present:
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for name, table, _digest in present:
            cursor.execute(_DROP[connection.vendor].format(name=name, table=table))
        for statement in _CREATE[connection.vendor](guards()):
            cursor.execute(statement)


def installed(connection: BaseDatabaseWrapper) -> set[tuple[str, str, str]]:
    """Return the triggers that are in place: name, table, and the digest of what it was made of."""
    with connection.cursor() as cursor:
        cursor.execute(_INSTALLED[connection.vendor], [JOBS, ITEMS])
        return {
            (name, table, text.rpartition("digest ")[2][:16])
            for name, table, text in cursor.fetchall()
            if text and "digest " in text
        }


def _of_machine(
    table: str, noun: str, first: states.State, transitions: states.Transitions[states.State]
) -> list[Guard]:
    legal = [
        f"OLD.state = '{before}' AND NEW.state = '{after}'"
        for before, following in transitions.items()
        for after in following
    ]
    return [
        Guard(
            f"{noun}_begins_{first}",
            table,
            "INSERT",
            f"NEW.state <> '{first}'",
            f"A new {noun} is {first}.",
        ),
        Guard(
            f"{noun}_state_follows",
            table,
            "UPDATE OF state",
            f"OLD.state <> NEW.state AND NOT ({_any(legal)})",
            f"This {noun} state may not follow that one.",
        ),
    ]


def _amendments() -> list[str]:
    return [
        f"OLD.outcome = '{before}' AND NEW.outcome = '{outcome}' AND NEW.reason = '{reason}'"
        for before, amended in states.AMENDMENTS.items()
        for outcome, reason in sorted(amended)
    ]


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(f"({condition})" for condition in conditions)


def _on_sqlite(wanted: list[Guard]) -> list[str]:
    return [
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} WHEN {guard.when}"
        f" BEGIN SELECT RAISE(ABORT, '{guard.sentence}'); /* digest {guard.digest} */ END"
        for guard in wanted
    ]


def _on_postgresql(wanted: list[Guard]) -> list[str]:
    # SQLSTATE of a violated check, so that Django raises IntegrityError as it does on SQLite.
    function = f"""CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$"""
    return [function] + [
        statement
        for guard in wanted
        for statement in (
            (
                f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW"
                f" WHEN ({guard.when}) EXECUTE FUNCTION {_REFUSE}('{guard.sentence}')"
            ),
            f"COMMENT ON TRIGGER {guard.name} ON {guard.table} IS 'digest {guard.digest}'",
        )
    ]


_CREATE = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}
_DROP = {"sqlite": "DROP TRIGGER {name}", "postgresql": "DROP TRIGGER {name} ON {table}"}
_INSTALLED = {
    "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (%s, %s)",
    "postgresql": """SELECT tgname, tgrelid::regclass::text, obj_description(oid, 'pg_trigger')
        FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN (to_regclass(%s), to_regclass(%s))""",
}
