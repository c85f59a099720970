"""A sandbox process for tests, and the few calls a test makes to it again and again."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

CLIENT_ID = "local.flowstop"
CLIENT_SECRET = "tests-only-client-secret"


def encode(params: dict[str, Any], prefix: str = "") -> str:
    """Parameters as a batch command carries them: PHP style, everything percent-encoded."""
    parts: list[str] = []
    for key, value in params.items():
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(value, dict):
            parts.append(encode(value, name))
        elif isinstance(value, list):
            parts.append(encode({str(index): one for index, one in enumerate(value)}, name))
        else:
            parts.append(f"{quote(name, safe='')}={quote(str(value), safe='')}")
    return "&".join(part for part in parts if part)


@dataclass(slots=True)
class SandboxProcess:
    """A running ``python -m bxapp.sandbox``. ``number`` is the portal that calls go to."""

    process: subprocess.Popen[str]
    portals: list[str]
    authorization: str
    control_url: str
    number: int = 1
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def portal(self) -> str:
        return self.portals[self.number - 1]

    def control(self, verb: str, path: str, **body: Any) -> Any:
        """A call to ``/control``; fails the test if it is refused."""
        response = self.http.request(verb, f"{self.control_url}/{path}", json=body, timeout=30)
        assert response.ok, response.text
        return response.json()

    def of_portal(self, verb: str, path: str, **body: Any) -> Any:
        return self.control(verb, f"portals/{self.number}/{path}".rstrip("/"), **body)

    def set(self, **settings: Any) -> None:
        self.of_portal("PATCH", "settings", **settings)

    def add(self, count: int = 1, **wanted: Any) -> list[str]:
        """IDs of ``count`` new workflows."""
        ids: list[str] = self.of_portal("POST", "workflows", count=count, **wanted)["ids"]
        return ids

    def record(self, workflow_id: str) -> dict[str, Any]:
        """The portal's own record of a workflow."""
        found: dict[str, Any] = self.of_portal("GET", f"workflows?ids={workflow_id}")[0]
        return found

    def launch(self, user_id: int = 1, **options: Any) -> dict[str, Any]:
        form: dict[str, Any] = self.of_portal("POST", "launch", user_id=user_id, **options)
        return form

    def token(self, user_id: int = 1, **options: Any) -> str:
        access_token: str = self.launch(user_id, **options)["fields"]["AUTH_ID"]
        return access_token

    def post(
        self, method: str, params: dict[str, Any] | None = None, token: str | None = None
    ) -> requests.Response:
        """One REST call with a JSON body; ``token`` None: the first administrator's."""
        body = {**(params or {}), "auth": token or self.token()}
        return self.http.post(f"{self.portal}/rest/{method}", json=body, timeout=30, allow_redirects=False)

    def result(self, method: str, params: dict[str, Any] | None = None, token: str | None = None) -> Any:
        answer = self.post(method, params, token).json()
        assert "error" not in answer, answer
        return answer["result"]

    def batch(
        self, commands: dict[str, tuple[str, dict[str, Any]]], token: str | None = None, *, halt: int = 0
    ) -> dict[str, Any]:
        """The five parts of a batch's result."""
        cmd = {key: f"{method}?{encode(params)}" for key, (method, params) in commands.items()}
        found: dict[str, Any] = self.result("batch", {"cmd": cmd, "halt": halt}, token)
        return found

    def listed(self, workflow_id: str) -> bool:
        rows = self.result(
            "bizproc.workflow.instances", {"filter": {">=ID": workflow_id, "<=ID": workflow_id}}
        )
        return bool(rows)


def start(*arguments: str) -> SandboxProcess:
    """Start one on free ports and wait until it says where it answers."""
    command = [
        sys.executable,
        *("-m", "bxapp.sandbox", "--portal-port", "0", "--authorization-port", "0"),
        *("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET),
        *arguments,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    return SandboxProcess(process, ready["portals"], ready["authorization"], ready["control"])


def stop(sandbox: SandboxProcess) -> int:
    """End it as a supervisor would, and return its exit status."""
    sandbox.http.close()
    sandbox.process.terminate()
    with sandbox.process:
        return sandbox.process.wait(timeout=10)
