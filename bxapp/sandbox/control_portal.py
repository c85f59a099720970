"""What ``/control/portals/<n>/…`` answers and does."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bxapp.sandbox.events import Delivery, Occasion, form, install_data, post
from bxapp.sandbox.installation import finish_installation, install_again, uninstall, update
from bxapp.sandbox.launch import build_launch
from bxapp.sandbox.life import begin_work, end_by_itself, resume, save_itself
from bxapp.sandbox.population import add_workflow, wish
from bxapp.sandbox.world import Behaviour

if TYPE_CHECKING:
    from aiohttp import web

    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, Portal, Workflow

    Body = dict[str, Any]


def told(sandbox: Sandbox, portal: Portal) -> dict[str, Any]:
    """A portal in ``/control/state``."""
    gate = sandbox.runtimes[portal.number].gate
    return {
        "number": portal.number,
        "member_id": portal.member_id,
        "url": portal.origin,
        "domain": portal.domain,
        "client_endpoint": portal.client_endpoint,
        "new_url": f"http://{portal.moved_host}:{portal.port}",
        "settings": portal.settings.as_dict(),
        "rows": len(portal.rows),
        "workflows": len(portal.workflows),
        "tasks": len(portal.tasks),
        "busy_requests": gate.busy,
        "peak_requests": gate.peak,
        "refusals": [asdict(one) for one in sandbox.runtimes[portal.number].limits.refusals],
        "webhooks": [f"{portal.origin}/rest/{user}/{secret}/" for secret, user in portal.webhooks.items()],
        "users": [asdict(user) for user in portal.users.values()],
        "templates": [
            {"id": one.id, "name": one.name, "listed": one.listed} for one in portal.templates.values()
        ],
        "applications": [_application(one) for one in portal.applications.values()],
    }


def _application(application: Application) -> dict[str, Any]:
    return {
        "client_id": application.client_id,
        "present": application.present,
        "installed": application.installed,
        "version": application.version,
        "application_token": application.application_token,
        "app_url": application.app_url,
        "install_url": application.install_url,
        "handlers": [asdict(handler) for handler in application.handlers],
        "placements": [asdict(handler) for handler in application.placements],
        "scope": list(application.scope),
    }


async def state(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    return told(sandbox, portal)


async def change_settings(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    portal.settings.change(body)
    return portal.settings.as_dict()


async def workflows(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """Every workflow there ever was. ``?ids=a,b`` only these, ``?state=running`` or ``ended``."""
    wanted = request.query.get("ids")
    found = portal.workflows.values() if wanted is None else _some(portal, wanted.split(","))
    state_name = request.query.get("state")
    now = datetime.now(UTC)
    answer = [_workflow(portal, one, now) for one in found]
    return [one for one in answer if state_name in (None, one["state"])]


def _some(portal: Portal, ids: list[str]) -> list[Workflow]:
    return [portal.workflows[one] for one in ids if one in portal.workflows]


def _workflow(portal: Portal, workflow: Workflow, now: datetime) -> dict[str, Any]:
    document, template = portal.document_of(workflow), portal.templates.get(workflow.template_id)
    row = workflow.row
    return {
        "id": workflow.id,
        "state": "running" if workflow.runs else "ended",
        "ended_how": workflow.ended_how,
        "ended_at": workflow.ended_at.isoformat() if workflow.ended_at else None,
        "ended_by": workflow.ended_by,
        "title": workflow.title,
        "terminate_calls": workflow.terminate_calls,
        "calls": [asdict(one) for one in workflow.calls],
        "ghost": workflow.ghost,
        "became_ghost": workflow.became_ghost,
        "behaviour": workflow.behaviour,
        "executing": portal.is_executing(workflow, now),
        "hung": portal.is_hung(workflow, now),
        "in_list": row is not None,
        "template_id": workflow.template_id,
        "template_name": template.name if template else "",
        "module_id": workflow.module_id,
        "entity": workflow.entity,
        "document_id": workflow.document_id,
        "document_name": document.name if document else "",
        "started": workflow.started.isoformat(),
        "started_by": workflow.started_by,
        "modified": row.modified.isoformat() if row else None,
        "owned_until": row.owned_until.isoformat() if row and row.owned_until else None,
        "parent_id": workflow.parent_id,
        "tasks": list(portal.tasks_of.get(workflow.id, ())),
        "waits_for": sorted(_awaited(portal, workflow)),
    }


def _awaited(portal: Portal, workflow: Workflow) -> set[int]:
    """Who has an open task of it and has not answered."""
    tasks = [portal.tasks[number] for number in portal.tasks_of.get(workflow.id, ())]
    members = [member for task in tasks if task.status == 0 for member in task.members]
    return {member.user_id for member in members if member.status == 0}


async def add_workflows(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """Adds ``count`` alike (see :class:`Wanted`); ``seconds`` is how long an executing or short one lives."""
    count = int(body.pop("count", 1))
    seconds = body.pop("seconds", None)
    wanted = wish(body)
    now = datetime.now(UTC)
    added = [add_workflow(portal, now, wanted) for _ in range(count)]
    for workflow in added:
        begin_work(sandbox, portal, workflow, seconds)
    parents = [one.parent_id for one in added if one.parent_id]
    return {"ids": [one.id for one in added], "parents": parents}


async def change_workflow(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """``behaviour``; ``resume``: seconds of being executed from now; ``end``: seconds until its own end;
    ``save``: a run of it ends now, and leaves a ghost if it was stopped meanwhile.
    """
    workflow = portal.workflows[request.match_info["id"]]
    if "behaviour" in body:
        workflow.behaviour = Behaviour(body["behaviour"])
    if "resume" in body:
        resume(sandbox, portal, workflow, float(body["resume"]))
    if "save" in body:
        save_itself(portal, workflow)
    if "end" in body:
        end_by_itself(sandbox, portal, workflow, float(body["end"]))
    return _workflow(portal, workflow, datetime.now(UTC))


async def change_user(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """``admin``, ``active``, ``may_install``, ``name``, ``last_name``."""
    user = portal.users[int(request.match_info["id"])]
    for name in ("admin", "active", "may_install"):
        if name in body:
            setattr(user, name, bool(body[name]))
    for name in ("name", "last_name", "time_zone"):
        if name in body:
            setattr(user, name, str(body[name]))
    return asdict(user)


async def launch(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """The form as the frame would POST it: ``user_id`` and what :func:`build_launch` takes."""
    form_ = build_launch(sandbox, portal, int(body.pop("user_id", 1)), **body)
    return asdict(form_)


async def send_event(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """Builds ``event`` and posts it to ``url``, or to each bound handler, and tells what came back.

    ``data`` and ``overrides`` change the form, ``user_id`` is whose tokens go along (0: none).
    """
    name = str(body["event"]).upper()
    application = portal.applications[body["client_id"]] if "client_id" in body else portal.application
    data = install_data(application, portal)
    if name == "ONAPPUNINSTALL":
        data = {"LANGUAGE_ID": portal.settings.language, "CLEAN": "0"}
    data.update({key: str(value) for key, value in body.get("data", {}).items()})
    user_id = int(body.get("user_id", 0 if name == "ONAPPUNINSTALL" else 1))
    occasion = Occasion(name, data, user_id, refresh=user_id > 0, overrides=body.get("overrides", {}))
    fields = form(sandbox, portal, application, occasion)
    handlers = [one.handler for one in application.handlers if one.event == name]
    urls = [str(body["url"])] if "url" in body else list(dict.fromkeys(handlers))
    return [(await post(sandbox, Delivery(name, url, fields))).as_dict() for url in urls]


async def finish(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """What the frame's ``installFinish`` does: ``user_id``."""
    await finish_installation(sandbox, portal, int(body.get("user_id", 1)))
    return _application(portal.application)


async def remove(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """``clean`` (delete the data too), ``send_event`` (default true). Tells what the handlers answered."""
    posts = uninstall(
        sandbox,
        portal,
        portal.application,
        clean=bool(body.get("clean", False)),
        send_event=bool(body.get("send_event", True)),
    )
    return [(await post(sandbox, delivery)).as_dict() for delivery in posts]


async def add_again(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    install_again(portal.application)
    return _application(portal.application)


async def new_version(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    update(sandbox, portal, portal.application)
    return _application(portal.application)


async def expire_tokens(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """Access tokens run out now, of all or of ``user_id``."""
    return {"expired": sandbox.authorization.expire(portal.member_id, body.get("user_id"))}


async def revoke_tokens(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """Pairs become worthless, of all or of ``user_id``."""
    return {"revoked": sandbox.authorization.revoke(portal.member_id, body.get("user_id"))}


async def change_scope(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """``scope``: the permissions of the application from now on; tokens that were given keep theirs."""
    portal.application.scope = tuple(str(one) for one in body["scope"])
    return _application(portal.application)


async def notifications(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """What applications told the portal's people, oldest first."""
    return [one.as_dict() for one in portal.notifications]


async def issue_code(sandbox: Sandbox, portal: Portal, request: web.Request, body: Body) -> Any:
    """A code as ``/oauth/authorize/`` gives it to the browser of ``user_id``."""
    code = sandbox.authorization.issue_code(portal, int(body.get("user_id", 1)), portal.application)
    return {"code": code.value}


ANSWERS = (
    ("GET", "", state),
    ("PATCH", "/settings", change_settings),
    ("GET", "/workflows", workflows),
    ("POST", "/workflows", add_workflows),
    ("POST", "/workflows/{id}", change_workflow),
    ("POST", "/users/{id}", change_user),
    ("POST", "/launch", launch),
    ("POST", "/events", send_event),
    ("POST", "/finish", finish),
    ("POST", "/uninstall", remove),
    ("POST", "/install", add_again),
    ("POST", "/update", new_version),
    ("POST", "/tokens/expire", expire_tokens),
    ("POST", "/tokens/revoke", revoke_tokens),
    ("POST", "/code", issue_code),
    ("POST", "/scope", change_scope),
    ("GET", "/notifications", notifications),
)
