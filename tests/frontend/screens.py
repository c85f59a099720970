"""Every page, state and dialog of the front end, and how one gets there. Another one is one line more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.frontend.visit import ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Frame, Locator

    from tests.frontend.visit import Visit

ORDINARY = 4
OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"


def _running_job(visit: Visit) -> Frame:
    visit.control.change_settings(terminate_seconds=5.0)
    return visit.job(ended=False)


def _failed_job(visit: Visit) -> Frame:
    visit.control.change_settings(terminate_seconds=0.0)
    (damaged,) = visit.control.add_workflows(1, behaviour="corrupt", age_seconds=1)
    visit.list()
    visit.inside.get_by_role("checkbox", name=f"Select workflow {damaged}").check()
    visit.click("button", "Terminate")
    visit.inside.get_by_role("button", name="Terminate 1 workflow").click()
    # It is tried twice more, later.
    return visit.sees(visit.inside.locator("[data-job-done=true]").first, within_seconds=60)


def _slow_portal(visit: Visit) -> Frame:
    visit.list().fault("slow", seconds=15, times=1)
    visit.click("link", "Refresh")
    return visit.sees(visit.inside.locator(".waiting").get_by_role("button", name="Cancel"))


def _failing_portal(visit: Visit, kind: str, **options: Any) -> Frame:
    visit.list().fault(kind, **options)
    visit.click("link", "Refresh")
    return visit.sees(visit.inside.locator(".empty"))


def _filter_form(visit: Visit) -> Locator:
    visit.list().inside.locator("#add-filter").click()
    form = visit.inside.get_by_role("dialog")
    expect(form.get_by_role("heading", name="Filter")).to_be_visible()
    return form


def _filtered(visit: Visit, *, by_id: str = "") -> Frame:
    form = _filter_form(visit)
    if by_id:
        form.get_by_label("Workflow IDs").fill(by_id)
    else:
        form.get_by_role("group", name="State").get_by_label("Hung", exact=True).check()
    form.get_by_role("button", name="Show", exact=True).click()
    visit.sees(visit.inside.get_by_role("list", name="Filter"))
    return visit.settle()


def _nothing_found(visit: Visit) -> Frame:
    _filtered(visit, by_id="65e5a449e8f135.21284909")
    return visit.sees(visit.inside.get_by_role("heading", name="Nothing that runs matches"))


def _linked(visit: Visit, query: str) -> Frame:
    """The application opened by a link of the portal with a filter in it."""
    visit.tab.goto(f"{visit.stack.portal_url}/ui/app?{urlencode({'flowstop': query})}")
    return visit.sees(visit.inside.locator(".notice, .chips").first)


def _not_understood(visit: Visit) -> Frame:
    _linked(visit, "kind=deal&older=long&by=<b>")
    return visit.sees(visit.inside.get_by_role("heading", name="The filter could not be understood"))


def _many_chips(visit: Visit) -> Frame:
    query = "kind=deal&kind=lead&by=0&by=dismissed&by=1&older=1d&unchanged=7d&origin=workflows&state=running"
    return _linked(visit, f"{query}&document=DEAL_1633&document={'wide' * 60}")


def _being_queued(visit: Visit) -> Frame:
    dialog = visit.dialog()
    visit.tab.route("**/terminations/", lambda route: None)
    dialog.locator("[type=submit]").click()
    return visit.sees(dialog.get_by_role("button", name="Queueing…"))


def _one_row(visit: Visit) -> Frame:
    (only,) = visit.control.add_workflows(1)
    return _filtered(visit, by_id=only)


def _long_names(visit: Visit) -> Frame:
    names = ["Wide" * 63 + "end", "עסקה " * 51, "A name of words " * 15 + "and its end"]
    for name in names:
        # The portal tells a document's name together with a task.
        visit.control.add_workflows(1, age_seconds=1, document_name=name[:255], with_task=True)
    visit.control.change_user(ADMINISTRATOR, last_name=names[0])
    visit.mending.callback(visit.control.change_user, ADMINISTRATOR, last_name="Berg")
    visit.list()
    return visit.sees(visit.inside.get_by_text(names[0]).first)


def _with_saved_filters(visit: Visit) -> Frame:
    _filtered(visit)
    visit.inside.locator(".saved-menu summary").click()
    return visit.sees(visit.inside.get_by_label("Save this filter…"))


def _everything_chosen(visit: Visit) -> Visit:
    visit.ticked(1).inside.get_by_role("button", name="matching workflows").click()
    expect(visit.inside.locator("[data-snapshot-state=done]")).to_be_attached()
    return visit


def _dialog_for_many(visit: Visit) -> Frame:
    _everything_chosen(visit).click("button", "Terminate")
    visit.sees(visit.inside.get_by_role("dialog").get_by_label("to confirm"))
    visit.inside.get_by_role("dialog").locator("[type=submit]").click()
    return visit.sees(visit.inside.get_by_role("dialog").locator("[aria-invalid=true]").first)


def _refused_message(visit: Visit) -> Frame:
    dialog = visit.dialog()
    dialog.get_by_label("Status message").fill("x" * 300)
    dialog.locator("[type=submit]").click()
    return visit.sees(visit.inside.get_by_role("dialog").locator("[aria-invalid=true]"))


def _open_settings(visit: Visit) -> Frame:
    visit.page("Settings").evaluate(OPEN_ALL)
    visit.sees(visit.inside.locator("#template-choices button").first)
    return visit.settle()


def _grown(visit: Visit) -> Frame:
    """Three templates run away: one of a long name, one that the portal does not list, and a usual one."""
    visit.list()
    visit.sees(visit.inside.locator(".overview__foot"))
    visit.let_counts_age(timedelta(days=1))
    templates = visit.control.portal()["templates"]
    listed = sorted((one for one in templates if one["listed"]), key=lambda one: len(one["name"]))
    hidden = [one for one in templates if not one["listed"]]
    for template, more in ((listed[-1], 61), (hidden[0], 42), (listed[0], 38)):
        added = visit.control.add_workflows(more, template_id=template["id"], age_seconds=60)
        for workflow_id in added:
            visit.mending.callback(visit.control.end_workflow, workflow_id)
    visit.list()
    return visit.sees(visit.inside.get_by_role("list", name="What has grown"))


def _our_failure(visit: Visit) -> Frame:
    visit.list().lose_table("terminations_savedmessage")
    visit.click("link", "Settings")
    return visit.sees(visit.inside.get_by_role("heading", name="Something went wrong in Flowstop"))


def _our_failure_at_once(visit: Visit) -> Frame:
    visit.lose_table("portals_preference")
    frame = visit.posted(ADMINISTRATOR)
    expect(frame.get_by_role("heading", name="Something went wrong in Flowstop")).to_be_visible()
    return frame


def _unfinished(visit: Visit) -> Frame:
    visit.fault("error", method="event.bind", code="ACCESS_DENIED", description="Events are off", status=403)
    frame = visit.posted(ADMINISTRATOR, installer=True)
    expect(frame.get_by_role("heading", name="The installation is not finished")).to_be_visible()
    return frame


def _without_figures(visit: Visit) -> Frame:
    visit.tab.route("**/workflows/overview/**", lambda route: route.abort("connectionfailed"))
    visit.list()
    return visit.sees(visit.inside.get_by_text("could not be asked how much runs"))


def _without_connection(visit: Visit) -> Frame:
    visit.list().tab.route("**/settings/", lambda route: route.abort("connectionfailed"))
    visit.click("link", "Settings")
    return visit.sees(visit.inside.locator("#notices").get_by_role("button"))


def _lost_rights(visit: Visit) -> Frame:
    visit.list().lose_rights()
    visit.click("link", "Refresh")
    return visit.sees(visit.inside.locator(".empty"))


def _lost_session(visit: Visit) -> Frame:
    visit.list().lose_session("**/jobs/**")
    visit.click("link", "Jobs")
    return visit.sees(visit.inside.locator("#notices .notice").first, within_seconds=40)


def _removed(visit: Visit) -> Frame:
    visit.open()
    visit.sees(visit.inside.get_by_role("link", name="Refresh"))
    visit.settle()
    visit.control.remove_application()
    visit.click("link", "Refresh")
    visit.sees(visit.inside.get_by_role("heading", name="Flowstop was removed from this portal"))
    return visit.sees(visit.inside.get_by_role("button", name="Reload the portal's page"))


def _empty(visit: Visit) -> Frame:
    for workflow_id, told in visit.control.workflows().items():
        if told["ended_how"] is None:
            visit.control.end_workflow(workflow_id)
    visit.open()
    return visit.sees(visit.inside.get_by_role("heading", name="Nothing is running"))


SCREENS: dict[str, Callable[[Visit], Frame]] = {
    "the list": lambda visit: visit.list().framed,
    "something ticked": lambda visit: visit.ticked(3).framed,
    "everything chosen": lambda visit: _everything_chosen(visit).framed,
    "the filter form": lambda visit: visit.sees(_filter_form(visit)),
    "a filtered list": _filtered,
    "a filter with many parts": _many_chips,
    "nothing that matches": _nothing_found,
    "a filter that is not understood": _not_understood,
    "the saved filters": _with_saved_filters,
    "one row": _one_row,
    "names of 255 characters": _long_names,
    "the dialog": lambda visit: visit.sees(visit.dialog()),
    "the dialog for many": _dialog_for_many,
    "a message that is refused": _refused_message,
    "the dialog while it is sent": _being_queued,
    "no job yet": lambda visit: visit.page("Jobs"),
    "the settings": lambda visit: visit.page("Settings"),
    "the settings unfolded": _open_settings,
    "a job that runs": _running_job,
    "rows that are being stopped": lambda visit: visit.list().framed,
    "a job that has ended": lambda visit: visit.job(ended=True),
    "a job with a failure": _failed_job,
    "the jobs": lambda visit: visit.page("Jobs"),
    "the audit log": lambda visit: visit.page("Audit log"),
    "a portal that is slow": _slow_portal,
    "a portal that is down": lambda visit: _failing_portal(visit, "http502", times=4),
    "a portal at its limit": lambda visit: _failing_portal(visit, "limit", times=4),
    "a portal without workflows in its plan": lambda visit: _failing_portal(
        visit, "error", code="ERROR_METHOD_NOT_FOUND", status=404, times=4
    ),
    "figures that do not come": _without_figures,
    "templates that run away": _grown,
    "no connection": _without_connection,
    "rights lost in the middle": _lost_rights,
    "a session that has ended": _lost_session,
    "no administrator": lambda visit: visit.posted(ORDINARY),
    "the installer's last page": lambda visit: visit.posted(ADMINISTRATOR, installer=True),
    "an installation that is not finished": _unfinished,
    "a failure of ours": _our_failure,
    "a failure of ours at the opening": _our_failure_at_once,
    "outside the portal": lambda visit: visit.alone("/"),
    "the sign-in page": lambda visit: visit.alone("/workflows/"),
    "no such page": lambda visit: visit.alone("/nothing/"),
    # The last ones: nothing is left in the portal.
    "an empty list": _empty,
    "removed in the middle": _removed,
}
