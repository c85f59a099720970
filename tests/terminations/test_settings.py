"""The settings as the page in the frame asks for them: section by section, what is wrong in its place."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from bxapp.audit.models import AuditEntry
from bxapp.portals import removal
from bxapp.terminations.jobs import saved_messages
from bxapp.terminations.models import SavedMessage
from bxapp.workflows import protected, saved_filters
from bxapp.workflows.models import ProtectedTemplate, SavedFilter
from tests.terminations.scene import text_of

if TYPE_CHECKING:
    from django.test import Client

    from tests.terminations.scene import Scene

REPLACED = {"name": "Replaced", "text": "Stopped by {user}: template {template} replaced"}


def _told() -> list[tuple[str, str, str]]:
    shared = AuditEntry.objects.exclude(kind__in=["installed", "opened"]).order_by("pk")
    return list(shared.values_list("kind", "document", "message"))


def _templates(scene: Scene) -> dict[str, int]:
    return {one["name"]: one["id"] for one in scene.sandbox.portal()["templates"] if one["listed"]}


def _chosen(frame: Client, part: str = "") -> list[str]:
    page = text_of(frame.get(f"/settings/templates/?part={quote(part)}"))
    return [unescape(name) for name in re.findall(r'<bdi class="saved__name">([^<]*)</bdi>', page)]


def test_the_screen_has_what_is_set_and_nothing_else(scene: Scene, frame: Client) -> None:
    page = text_of(frame.get("/settings/"))

    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page) == [
        *("Saved messages", "Saved filters", "Protected templates", "Language and theme"),
        *("How long entries are kept", "Installation", "Signed in"),
    ]
    assert "4 days, without tokens." in page
    assert scene.actor.portal.domain in page


def test_a_message_is_saved_with_its_placeholders(scene: Scene, frame: Client) -> None:
    answer = frame.post("/settings/messages/", REPLACED)

    page = text_of(answer)
    assert answer.status_code == 200
    assert page.startswith("<title>Settings</title> <section")
    assert '<bdi class="saved__name">Replaced</bdi>' in page
    assert SavedMessage.objects.get().content == REPLACED["text"]
    assert _told() == [("message_saved", "Replaced", REPLACED["text"])]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"name": " "}, "name", "Enter a name."),
        ({"name": "REPLACED "}, "name", "This name is taken. Choose another one."),
        ({"text": " "}, "text", "Enter a message: without one the portal writes a text of its own."),
        ({"text": "0"}, "text", "Enter another message: the portal takes “0” for no message at all."),
        ({"text": "x" * 256}, "text", "Shorten the message: the portal keeps 255 characters."),
        ({"text": "For {name}"}, "text", "There is no placeholder {name}."),
    ],
)
def test_what_is_wrong_is_said_in_its_place(
    scene: Scene, frame: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    frame.post("/settings/messages/", REPLACED)
    typed = {"name": "Another", "text": "Something else", **changes}

    answer = frame.post("/settings/messages/", typed)

    page = text_of(answer)
    assert answer.status_code == 422
    assert page.startswith("<title>"), "the script shows it as an answer of ours"
    wrong = page[page.index(f'id="message-{field}-0"') :]
    assert sentence in wrong[: wrong.index("</div>")]
    assert f'value="{typed["name"]}"' in page, "nothing typed is lost"
    assert page.count('aria-invalid="true"') == page.count('role="alert"') == page.count(" data-focus") == 1
    assert SavedMessage.objects.count() == 1


def test_a_message_is_changed_and_deleted(scene: Scene, frame: Client) -> None:
    frame.post("/settings/messages/", REPLACED)
    number = SavedMessage.objects.get().pk

    frame.post(f"/settings/messages/{number}/", {"name": "Renamed", "text": "New text"})
    frame.post(f"/settings/messages/{number}/", {"name": "Renamed", "text": "New text"})
    page = text_of(frame.post(f"/settings/messages/{number}/delete/"))

    assert "Renamed" not in page
    assert not SavedMessage.objects.exists()
    assert _told()[1:] == [
        ("message_changed", "Replaced → Renamed", "New text"),
        ("message_deleted", "Renamed", "New text"),
    ]


def test_a_wrong_change_opens_its_own_form(scene: Scene, frame: Client) -> None:
    for name in ("First", "Second"):
        frame.post("/settings/messages/", {**REPLACED, "name": name})
    number = SavedMessage.objects.get(name="Second").pk

    page = text_of(frame.post(f"/settings/messages/{number}/", {**REPLACED, "name": "first"}))

    assert page.count("<details open>") == 1
    wrong = page[page.index(f'id="message-name-{number}"') :]
    assert "This name is taken." in wrong[: wrong.index("</div>")]


def test_the_dialog_offers_saved_messages(scene: Scene, frame: Client) -> None:
    saved_messages.save(scene.actor, "Replaced", 'Say "<stop>"')

    menu = text_of(frame.get("/terminations/messages/"))

    assert 'data-saved-message="Say &quot;&lt;stop&gt;&quot;"' in menu
    assert menu.count("<button") == 1


def test_a_filter_is_saved_over_the_list_and_managed_here(scene: Scene, frame: Client) -> None:
    assert 'name="name"' not in text_of(frame.get("/workflows/saved/?page=2")), "nothing to save"
    assert 'name="query" value="kind=deal"' in text_of(frame.get("/workflows/saved/?kind=deal&page=2"))

    menu = text_of(frame.post("/workflows/saved/", {"name": "Deals", "query": "kind=deal"}))
    assert '<a href="/workflows/?kind=deal" aria-current="true" dir="auto">Deals</a>' in menu
    assert 'name="name"' not in menu, "it is saved already"
    taken = frame.post("/workflows/saved/", {"name": "deals", "query": "kind=lead"})
    assert taken.status_code == 422
    assert "This name is taken. Choose another one." in text_of(taken)
    assert 'value="deals"' in text_of(taken)

    number = SavedFilter.objects.get().pk
    assert "All deals" in text_of(frame.post(f"/settings/filters/{number}/", {"name": "All deals"}))
    assert frame.post(f"/settings/filters/{number}/", {"name": ""}).status_code == 422
    assert "All deals" not in text_of(frame.post(f"/settings/filters/{number}/delete/"))
    assert [kind for kind, *_ in _told()] == ["filter_saved", "filter_changed", "filter_deleted"]


def test_a_template_is_found_by_a_part_of_its_name_and_protected(scene: Scene, frame: Client) -> None:
    templates = _templates(scene)
    name = min(templates)

    assert _chosen(frame) == sorted(templates, key=str.casefold)[:50]
    assert _chosen(frame, name[1:-1].upper()) == [name]
    for sign in ("%", "_", "\\"):
        assert set(_chosen(frame, sign)) == {one for one in templates if sign in one}, "no wildcards"
    page = text_of(frame.post(f"/settings/templates/{templates[name]}/protect/"))

    assert f'<bdi class="saved__name">{name}</bdi>' in page
    assert [one.name for one in protected.all_of(scene.actor.portal)] == [name]
    assert f"Protect {name}" not in text_of(frame.get("/settings/templates/"))
    page = text_of(frame.post(f"/settings/templates/{templates[name]}/unprotect/"))
    assert name not in page
    assert not ProtectedTemplate.objects.exists()


def test_a_search_that_the_portal_does_not_answer_says_so(scene: Scene, frame: Client) -> None:
    scene.sandbox.fault(kind="error", method="bizproc.workflow.template.list", code="QUERY_LIMIT_EXCEEDED")

    answer = frame.get("/settings/templates/?part=x")

    assert answer.status_code == 200
    assert "The portal is busy." in text_of(answer)


@pytest.mark.parametrize("number", [0, 2**63, 10**30])
def test_what_cannot_be_a_template_is_refused(scene: Scene, frame: Client, number: int) -> None:
    assert frame.post(f"/settings/templates/{number}/protect/").status_code == 404
    assert frame.post(f"/settings/templates/{number}/unprotect/").status_code == 200
    assert frame.post(f"/settings/messages/{number}/", REPLACED).status_code == 404
    assert frame.post(f"/settings/filters/{number}/delete/").status_code == 200


def test_another_language_redraws_the_whole_page(scene: Scene, frame: Client) -> None:
    """The frame cannot be loaded anew, so bar, sentences and the root's attributes come with the answer."""
    answer = frame.post("/settings/preferences/", {"language": "de", "theme": "dark"})

    page = text_of(answer)
    assert '<header class="bar" hx-swap-oob="outerHTML:.bar">' in page
    assert '<div id="sentences" hidden hx-swap-oob="true"' in page
    assert 'data-thousands="."' in page
    assert 'data-theme="dark" data-language="de" data-direction="ltr"' in page
    assert '<option value="de" lang="de" selected>Deutsch</option>' in page
    assert "<html" not in page


def test_without_scripts_a_form_leads_back_to_its_section(scene: Scene, frame: Client) -> None:
    plain = {"HX-Request": "false"}

    saved = frame.post("/settings/messages/", REPLACED, headers=plain)
    wrong = frame.post("/settings/messages/", {**REPLACED, "name": ""}, headers=plain)

    assert (saved.status_code, saved["Location"]) == (303, "/settings/#messages")
    assert wrong.status_code == 422
    assert "<html" in text_of(wrong)
    assert "Enter a name." in text_of(wrong)


def test_messages_go_with_the_application(scene: Scene, frame: Client) -> None:
    saved_messages.save(scene.actor, "Replaced", "Stopped")
    saved_filters.save(scene.actor, "Deals", "kind=deal")

    removal.uninstall(scene.actor.portal.pk)

    assert not SavedMessage.objects.exists()
    assert not SavedFilter.objects.exists()
    # Told that the application was removed.
    assert frame.post("/settings/messages/", REPLACED).status_code == 403
    assert not SavedMessage.objects.exists()
