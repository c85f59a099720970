"""Chosen rows on their way through the browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.sessions import Actor, Channel
from bxapp.workflows.selection import SelectedWorkflow, SelectionNotOurs, listed, pack, unpack, workflow_of

_WORKFLOW = SelectedWorkflow(
    id="65e5a449e8f135.21284909",
    module_id="crm",
    entity="CCrmDocumentDeal",
    document_id="DEAL_1633",
    document_name='ACME "renewal" <b> 🚀: ü',
    template_id=12,
    template_name="Invoice approval",
    started=datetime(2025, 1, 12, 14, 2, tzinfo=UTC),
    started_by_id=7,
    started_by_name="Greta Lind",
)


def _actor(portal_id: int = 1, installation: int = 1) -> Actor:
    return Actor(Portal(pk=portal_id, installation=installation), AccessGrant(), Channel.FRAME)


def test_what_was_packed_comes_back() -> None:
    assert unpack(_actor(), pack(_actor(), _WORKFLOW)) == _WORKFLOW


def test_what_is_unknown_comes_back_as_unknown() -> None:
    ghost = SelectedWorkflow("1", "", "", "", "", None, "", None, None, "")

    assert unpack(_actor(), pack(_actor(), ghost)) == ghost


def test_a_value_from_before_idle_was_noted_is_taken_as_not_idle() -> None:
    older = listed(_WORKFLOW)[:-1]

    assert workflow_of(older) == _WORKFLOW
    with pytest.raises(ValueError, match="not a workflow"):
        workflow_of(older[:-1])


def test_whether_it_was_idle_is_kept_with_a_list_and_not_carried_by_a_box() -> None:
    idle = replace(_WORKFLOW, is_idle=True)

    assert workflow_of(listed(idle)) == idle
    assert unpack(_actor(), pack(_actor(), idle)) == _WORKFLOW


def test_a_changed_value_is_refused() -> None:
    value = pack(_actor(), _WORKFLOW)

    for forged in (value.replace("DEAL_1633", "DEAL_1634"), value[:-1], value + "x", "", "[]", "nonsense"):
        with pytest.raises(SelectionNotOurs):
            unpack(_actor(), forged)


@pytest.mark.parametrize("other", [_actor(portal_id=2), _actor(installation=2)])
def test_a_value_of_another_portal_or_installation_is_refused(other: Actor) -> None:
    with pytest.raises(SelectionNotOurs):
        unpack(other, pack(_actor(), _WORKFLOW))


def test_the_portals_in_the_salt_cannot_run_together() -> None:
    with pytest.raises(SelectionNotOurs):
        unpack(_actor(portal_id=11, installation=1), pack(_actor(portal_id=1, installation=11), _WORKFLOW))


def test_a_row_is_small() -> None:
    assert len(pack(_actor(), replace(_WORKFLOW, document_name="ACME renewal"))) < 250
