"""An application registered in a portal, with the handlers and widgets it bound."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class EventHandler:
    """One ``event.bind``: key is event, URL, user and connector."""

    id: int
    event: str
    handler: str
    user_id: int = 0
    connector_id: str = ""


@dataclass(slots=True)
class PlacementHandler:
    placement: str
    handler: str
    title: str = ""
    description: str = ""
    options: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Application:
    """An application registered in the portal. ``installed`` is set by ``installFinish``."""

    id: int
    client_id: str
    client_secret: str
    title: str
    app_url: str
    install_url: str = ""
    redirect_url: str = ""
    """Where ``/oauth/authorize/`` sends the browser back; the application's URL if empty."""
    scope: tuple[str, ...] = ("bizproc", "user_brief", "placement")
    version: int = 1
    present: bool = True
    """False after removal: its tokens and calls are refused."""
    installed: bool = False
    application_token: str = ""
    handlers: list[EventHandler] = field(default_factory=list)
    placements: list[PlacementHandler] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    first_run_seen: set[tuple[int, int]] = field(default_factory=set)
    """Pairs of user and version for which ``setInstall`` was sent."""
