"""The peers: an environment of their own from the package index, and one run of each as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deploy.stack import INHERITED, ROOT
from tests.bench.contest import MESSAGE
from tests.sandbox.tls_proxy import TlsProxy, write_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.control import Control

LISTED = Path(__file__).with_name("peers.txt")
VENV = ROOT / "var" / "bench" / "peers"
SCRIPTS = {
    "fast_bitrix24": "fast_bitrix24_batches",
    "b24pysdk": "b24pysdk_one_by_one",
    "loop": "plain_loop",
}
# Of the standard library alone: it needs no environment.
BARE = "loop"
# It speaks https only, as portals in life do.
NEEDS_TLS = "b24pysdk"


class PeersMissingError(Exception):
    """The peers could not be installed; the text says what to do."""


@dataclass(frozen=True, slots=True)
class PeerEnd:
    """How a peer's run ended: ``seconds`` None when it had to be killed at the time limit."""

    seconds: float | None
    error: str


def install() -> None:
    """Make the peers' environment as ``peers.txt`` says, unless it is there. Raises PeersMissingError."""
    stamp = VENV / "installed-from"
    wanted = LISTED.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(VENV)], [*pip, "-r", str(LISTED)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PeersMissingError(
                "The peers could not be installed from the package index; without them: PEERS=loop.\n"
                + (done.stdout + done.stderr).strip()[-2000:]
            )
    stamp.write_text(wanted, encoding="utf-8")


def run(who: str, control: Control, ids: Sequence[str], limit_seconds: float) -> PeerEnd:
    """Let a peer stop these workflows through the portal's incoming webhook."""
    with _reached(who, control) as (webhook, variables):
        order = json.dumps({"webhook": webhook, "ids": list(ids), "message": MESSAGE})
        python = sys.executable if who == BARE else str(VENV / "bin" / "python")
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        try:
            done = subprocess.run(
                [python, "-m", f"tests.bench.peer_scripts.{SCRIPTS[who]}"],
                cwd=ROOT,
                env=inherited | variables,
                input=order,
                capture_output=True,
                text=True,
                timeout=limit_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return PeerEnd(None, "")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return PeerEnd(told["seconds"], told["error"])


@contextmanager
def _reached(who: str, control: Control) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the webhook's address as the peer must be told it, and its environment."""
    webhook = control.portal()["webhooks"][0]
    if who != NEEDS_TLS:
        yield webhook, {}
        return
    address = urlsplit(webhook)
    name = f"{address.hostname}.portal.example" if address.hostname != "localhost" else "portal.example"
    with ExitStack() as ends:
        folder = Path(ends.enter_context(TemporaryDirectory(prefix="flowstop-bench-tls-")))
        certificate = write_certificate(folder, [name])
        host = "127.0.0.1" if address.hostname == "localhost" else str(address.hostname)
        proxy = TlsProxy(certificate, {name: (host, int(address.port or 0))})
        proxy.start()
        ends.callback(proxy.stop)
        control.change_settings(public_origin=f"https://{name}")
        yield (
            f"https://{name}{address.path}",
            {"HTTPS_PROXY": proxy.url, "https_proxy": proxy.url, "REQUESTS_CA_BUNDLE": str(certificate)},
        )
