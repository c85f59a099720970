"""Saved filters: of one portal and all its administrators, named once, read strictly at each use."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bxapp.audit import sentences
from bxapp.audit.models import AuditEntry
from bxapp.portals import removal
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.sessions import Actor, Channel
from bxapp.web.refusals import Refusal
from bxapp.workflows import saved, saved_filters
from bxapp.workflows.models import SavedFilter
from bxapp.workflows.saved import NameProblemError

pytestmark = pytest.mark.django_db

OLD_DEALS = "kind=deal&older=30d"


def _actor(member_id: str = "m1", name: str = "Anna Berg") -> Actor:
    now = timezone.now()
    portal, _ = Portal.objects.get_or_create(
        member_id=member_id,
        defaults={
            "domain": "acme.bitrix24.com",
            "client_endpoint": "https://acme.bitrix24.com/rest/",
            "authorization_server": "https://oauth.bitrix.info",
            "installed_at": now,
            "confirmed_at": now,
        },
    )
    grant = AccessGrant.objects.create(
        portal=portal,
        user_id=portal.grants.count() + 1,
        user_name=name,
        expires_at=now + timedelta(hours=1),
        renewed_at=now,
        confirmed_at=now,
    )
    return Actor(portal, grant, Channel.FRAME)


def _told() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("kind", "actor_name", "document"))


def _names(actor: Actor) -> list[str]:
    return [offer.saved.name for offer in saved_filters.offered(actor.portal)]


def test_a_filter_is_saved_for_all_administrators_of_the_portal() -> None:
    anna, boris, stranger = _actor(), _actor(name="Boris Ivanov"), _actor("m2")

    saved_filters.save(anna, "  Old   deals ", f"{OLD_DEALS}&page=3&sort=modified")

    (offer,) = saved_filters.offered(boris.portal)
    assert (offer.saved.name, offer.url) == ("Old deals", f"/workflows/?{OLD_DEALS}")
    assert offer.saved.saved_by_name == "Anna Berg"
    assert saved_filters.offered(stranger.portal) == []
    assert _told() == [("filter_saved", "Anna Berg", "Old deals")]


def test_a_filter_that_is_too_long_is_refused_whole() -> None:
    documents = "&".join(f"document={number:0>240}" for number in range(125))

    with pytest.raises(NameProblemError, match="too long"):
        saved_filters.save(_actor(), "Old ones of these", f"{documents}&older=90d")

    assert not SavedFilter.objects.exists()


def test_an_age_stays_relative() -> None:
    actor = _actor()

    saved_filters.save(actor, "Old", "older=30d")

    assert SavedFilter.objects.get().content == "older=30d"


def test_the_current_one_is_marked_whatever_its_order_and_page() -> None:
    actor = _actor()
    saved_filters.save(actor, "Old deals", OLD_DEALS)
    saved_filters.save(actor, "Hung", "state=hung")

    marked = saved_filters.offered(actor.portal, "older=30d&page=2&kind=deal")

    assert [(offer.saved.name, offer.is_current) for offer in marked] == [
        ("Hung", False),
        ("Old deals", True),
    ]


@pytest.mark.parametrize("same", ["old deals", "  OLD  DEALS", "Ｏld deals", "ALTE STRAẞE"])
def test_a_name_is_there_once_whatever_its_case_and_blanks(same: str) -> None:
    anna, boris = _actor(), _actor(name="Boris Ivanov")
    saved_filters.save(anna, "Old deals", OLD_DEALS)
    saved_filters.save(anna, "Alte Strasse", "state=hung")

    with pytest.raises(NameProblemError, match="This name is taken"):
        saved_filters.save(boris, same, "kind=lead")

    assert _names(anna) == ["Alte Strasse", "Old deals"]
    assert len(_told()) == 2
    saved_filters.save(_actor("m2"), same, "kind=lead")


def test_the_database_holds_it_too() -> None:
    actor = _actor()
    kept = saved_filters.save(actor, "Old deals", OLD_DEALS)

    kept.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        kept.save(force_insert=True)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Enter a name."),
        (" \u00a0\n ", "Enter a name."),
        ("\u200b", "Enter a name."),
        ("a\u202eb", "cannot be shown"),
        ("x" * 81, "at most 80 characters"),
        ("\ufdfa" * 80, "at most 80 characters"),
    ],
)
def test_a_name_that_is_none(name: str, sentence: str) -> None:
    actor = _actor()

    with pytest.raises(NameProblemError, match=sentence):
        saved_filters.save(actor, name, OLD_DEALS)

    assert not SavedFilter.objects.exists()
    assert _told() == []


@pytest.mark.parametrize(
    "query", ["", "page=2", "kind=unicorn", "older=soon", "template=1&template=x", "nothing=1"]
)
def test_only_a_filter_that_is_one_is_saved(query: str) -> None:
    actor = _actor()

    with pytest.raises(NameProblemError):
        saved_filters.save(actor, "Mine", query)

    assert not SavedFilter.objects.exists()


def test_one_that_is_not_understood_any_more_leads_nowhere() -> None:
    actor = _actor()
    saved_filters.save(actor, "Old deals", OLD_DEALS)
    SavedFilter.objects.update(content="kind=deal&colour=red&older=long")

    (offer,) = saved_filters.offered(actor.portal)

    assert (offer.url, offer.is_current) == ("", False)


def test_renaming_is_told_with_both_names() -> None:
    actor = _actor()
    kept = saved_filters.save(actor, "Old deals", OLD_DEALS)

    saved_filters.SHELF.change(actor, kept.pk, name="Ancient deals")
    saved_filters.SHELF.change(actor, kept.pk, name="ANCIENT deals")
    saved_filters.SHELF.change(actor, kept.pk, name=" ANCIENT  deals ")

    assert _names(actor) == ["ANCIENT deals"]
    assert _told()[1:] == [
        ("filter_changed", "Anna Berg", "Old deals → Ancient deals"),
        ("filter_changed", "Anna Berg", "Ancient deals → ANCIENT deals"),
    ]


def test_renaming_to_a_taken_name() -> None:
    actor = _actor()
    saved_filters.save(actor, "Old deals", OLD_DEALS)
    hung = saved_filters.save(actor, "Hung", "state=hung")

    with pytest.raises(NameProblemError, match="taken"):
        saved_filters.SHELF.change(actor, hung.pk, name="old DEALS")

    assert _names(actor) == ["Hung", "Old deals"]


def test_deleting() -> None:
    actor = _actor()
    kept = saved_filters.save(actor, "Old deals", OLD_DEALS)

    saved_filters.SHELF.delete(actor, kept.pk)
    saved_filters.SHELF.delete(actor, kept.pk)

    assert _names(actor) == []
    assert _told()[1:] == [("filter_deleted", "Anna Berg", "Old deals")]


def test_of_another_portal_nothing_can_be_changed() -> None:
    anna, stranger = _actor(), _actor("m2")
    kept = saved_filters.save(anna, "Old deals", OLD_DEALS)

    with pytest.raises(Refusal, match="not_found"):
        saved_filters.SHELF.change(stranger, kept.pk, name="Mine now")
    saved_filters.SHELF.delete(stranger, kept.pk)

    assert _names(anna) == ["Old deals"]
    assert len(_told()) == 1


def test_a_portal_keeps_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST", 2)
    actor = _actor()
    for number in range(2):
        saved_filters.save(actor, f"No. {number}", OLD_DEALS)

    with pytest.raises(NameProblemError, match="at most 2"):
        saved_filters.save(actor, "One more", OLD_DEALS)

    saved_filters.save(_actor("m2"), "One more", OLD_DEALS)


def test_they_go_with_the_application() -> None:
    anna, other = _actor(), _actor("m2")
    saved_filters.save(anna, "Old deals", OLD_DEALS)
    saved_filters.save(other, "Old deals", OLD_DEALS)

    removal.uninstall(anna.portal.pk)

    assert [kept.portal_id for kept in SavedFilter.objects.all()] == [other.portal.pk]
    with pytest.raises(Refusal, match="not_installed"):
        saved_filters.save(anna, "Late", OLD_DEALS)


def test_every_kind_of_entry_has_a_sentence() -> None:
    assert set(sentences.KINDS) == set(AuditEntry.Kind)


@pytest.mark.parametrize(
    "hostile", ["page=1\x00", "%00" * 9, quote("<b>"), "&" * 40_000, "kind=" + "x" * 50_000]
)
def test_whatever_a_query_holds_it_is_no_error_of_ours(hostile: str) -> None:
    with pytest.raises(NameProblemError):
        saved_filters.save(_actor(), "Mine", hostile)
