"""The world of a portal from a seed: the same seed gives the same world, told from the present moment."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bxapp.sandbox.catalogue import templates
from bxapp.sandbox.people import people
from bxapp.sandbox.population import Wanted, add_workflow
from bxapp.sandbox.settings import PortalSettings
from bxapp.sandbox.state import Runtime
from bxapp.sandbox.world import Application, Behaviour, Portal

if TYPE_CHECKING:
    from bxapp.sandbox.state import Options, Sandbox

FOREIGN_CLIENT = "local.foreign"
"""A second application in every portal: its tokens are genuine, but not for the one under test."""

HUNG_SHARE = 0.05


def seed_portals(sandbox: Sandbox, seed: int) -> None:
    """Fill ``sandbox`` with the portals it was started for. Ports already known are kept."""
    ports = [portal.port for portal in sandbox.portals]
    sandbox.portals = [
        seed_portal(sandbox.options, number, seed) for number in range(1, sandbox.options.portals + 1)
    ]
    for portal, port in zip(sandbox.portals, ports, strict=False):
        portal.port = port
    sandbox.runtimes = {portal.number: Runtime() for portal in sandbox.portals}


def seed_portal(options: Options, number: int, seed: int) -> Portal:
    """Portal ``number`` (from 1): ``localhost`` first, then 127.0.0.2, 127.0.0.3, …"""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 -- a repeatable world, not a secret
    now = datetime.now(UTC).replace(microsecond=0)
    portal = Portal(
        number=number,
        member_id=hashlib.md5(f"{seed}/{number}".encode(), usedforsecurity=False).hexdigest(),
        host="localhost" if number == 1 else f"127.0.0.{number}",
        moved_host=f"127.0.1.{number}",
        settings=PortalSettings(),
        random=chance,
        users=people(),
        templates=templates(now, chance),
    )
    portal.settings.change(options.settings)
    for application in (_application(options), _foreign_application()):
        application.application_token = f"{chance.getrandbits(128):032x}"
        portal.applications[application.client_id] = application
    portal.webhooks[hashlib.sha256(f"{seed}/{number}/webhook".encode()).hexdigest()[:16]] = 1
    for position in range(options.workflows):
        add_workflow(portal, now, Wanted(behaviour=_behaviour(position, chance)))
    return portal


def _behaviour(position: int, chance: random.Random) -> Behaviour:
    if position in {3, 40}:
        return Behaviour.EXECUTING
    return Behaviour.HUNG if chance.random() < HUNG_SHARE else Behaviour.NORMAL


def _application(options: Options) -> Application:
    base = options.app_url.rstrip("/")
    return Application(
        id=5,
        client_id=options.client_id,
        client_secret=options.client_secret,
        title="Flowstop",
        app_url=f"{base}/app/",
        install_url="" if options.without_installer else f"{base}/install/",
        installed=options.without_installer,
        redirect_url=options.redirect_url or f"{base}/oauth/callback/",
    )


def _foreign_application() -> Application:
    return Application(
        id=6,
        client_id=FOREIGN_CLIENT,
        client_secret="foreign-secret",  # noqa: S106 -- of an application that exists only here
        title="Foreign application",
        app_url="http://127.0.0.1:9/app/",
        installed=True,
    )
