"""The control address of a running sandbox: what the portals did, and how they shall behave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Collection

    from deploy.stack import Stack


class Control:
    """Speaks with ``/control`` of the sandbox of a stack; of its first portal unless told another."""

    def __init__(self, stack: Stack, *, portal: int = 1) -> None:
        self._address = f"{stack.authorization_url}/control"
        self._portal = f"/portals/{portal}"

    def launch_form(self, user_id: int, **options: Any) -> dict[str, Any]:
        """The form with which the portal opens the application for a user: ``url`` and ``fields``."""
        form: dict[str, Any] = self._ask("POST", f"{self._portal}/launch", {"user_id": user_id, **options})
        return form

    def finish_installation(self, user_id: int = 1) -> None:
        self._ask("POST", f"{self._portal}/finish", {"user_id": user_id})

    def change_settings(self, **settings: Any) -> None:
        self._ask("PATCH", f"{self._portal}/settings", settings)

    def add_fault(self, kind: str, **options: Any) -> int:
        """Add a fault and return its ID."""
        return int(self._ask("POST", "/faults", {"kind": kind, **options})["id"])

    def hits_of_fault(self, fault_id: int) -> int:
        return next(int(fault["hits"]) for fault in self._ask("GET", "/faults") if fault["id"] == fault_id)

    def add_workflows(self, count: int, **wish: Any) -> list[str]:
        """Add alike workflows and return their IDs."""
        ids: list[str] = self._ask("POST", f"{self._portal}/workflows", {"count": count, **wish})["ids"]
        return ids

    def remove_fault(self, fault_id: int) -> None:
        self._ask("DELETE", f"/faults/{fault_id}")

    def resume_workflow(self, workflow_id: str, seconds: float) -> None:
        """Let a workflow be executed from now on, for so long."""
        self._ask("POST", f"{self._portal}/workflows/{workflow_id}", {"resume": seconds})

    def remove_application(self) -> None:
        """Let an administrator remove the application; its handlers hear of it."""
        self._ask("POST", f"{self._portal}/uninstall", {})

    def change_user(self, user_id: int, **changes: Any) -> None:
        self._ask("POST", f"{self._portal}/users/{user_id}", changes)

    def revoke_tokens(self, user_id: int) -> None:
        """Make every pair of tokens of a user worthless."""
        self._ask("POST", f"{self._portal}/tokens/revoke", {"user_id": user_id})

    def end_workflow(self, workflow_id: str) -> None:
        """Let a workflow come to its own end right now."""
        self._ask("POST", f"{self._portal}/workflows/{workflow_id}", {"end": 0})

    def workflows(self, ids: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """The portal's own record by ID: of every workflow there ever was, or of these."""
        rows = self._ask("GET", f"{self._portal}/workflows")
        return {row["id"]: row for row in rows if ids is None or row["id"] in ids}

    def portal(self) -> dict[str, Any]:
        """The portal as the sandbox tells it: people, templates, settings, incoming webhooks."""
        told: dict[str, Any] = self._ask("GET", self._portal)
        return told

    def forget_requests(self) -> None:
        """Begin to count requests anew."""
        self._ask("DELETE", "/requests")

    def tokens(self) -> dict[str, list[str]]:
        """Every token and code that was ever issued: ``access``, ``refresh``, ``codes``."""
        told: dict[str, list[str]] = self._ask("GET", "/tokens")
        return told

    def expire_tokens(self) -> None:
        """Let every access token of the portal run out now."""
        self._ask("POST", f"{self._portal}/tokens/expire", {})

    def state(self) -> dict[str, Any]:
        told: dict[str, Any] = self._ask("GET", "/state")
        return told

    def requests(self) -> dict[str, Any]:
        """What was asked of the portals so far: ``counts``, ``commands``, ``errors``, ``latest``."""
        told: dict[str, Any] = self._ask("GET", "/requests?limit=5000")
        return told

    def _ask(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(verb, f"{self._address}{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()
