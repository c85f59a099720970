"""``make demo``: everything with a portal in a box, until Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, NoReturn

from deploy.ports import choose_free, is_free
from deploy.process import end_with_parent
from deploy.stack import ROOT, Ports, SandboxOptions, Secrets, Stack, StackError

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

FOLDER = ROOT / "var" / "demo"
# Variable, port, what listens there.
PORTS = {
    "DEMO_PORTAL_PORT": (8100, "the portal"),
    "DEMO_AUTHORIZATION_PORT": (8101, "the authorization server"),
    "DEMO_APP_PORT": (8000, "the application"),
}
# A portal as one meets it in the cloud: it takes its time, has limits, and goes on living.
PORTAL = {
    "list_seconds": 0.15,
    "terminate_seconds": 0.12,
    "terminate_spread": 0.5,
    "rate_limited": True,
    "operating_limited": True,
    "life_rate_per_second": 0.2,
}


def main() -> int:
    """Run the demo; returns the exit code (0 after Ctrl-C or SIGTERM)."""
    if "--end-with-parent" in sys.argv:
        end_with_parent(os.getppid())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse("it already runs from this folder; end that one first (Ctrl-C in its terminal).")
        stack = Stack(
            _fresh_run_folder(),
            ports=_choose_ports(),
            keys=_keep_secrets(),
            sandbox=SandboxOptions(settings=PORTAL),
        )
        try:
            stack.start()
            print(_invitation(stack), flush=True)  # noqa: T201  (the one line that a person waits for)
            while True:
                stack.check_alive()
                time.sleep(0.5)
        except StackError as error:
            _refuse(f"{error}\nAll logs are in {stack.folder.relative_to(ROOT)}.")
        except KeyboardInterrupt:
            return 0
        finally:
            stack.stop()


def _invitation(stack: Stack) -> str:
    return (
        f"Open {stack.portal_url}/ui/app – a portal in a box: install Flowstop there, tick some workflows, "
        f"press Terminate, and see the portal's side at {stack.portal_url}/ui/workflows (Ctrl-C ends all)."
    )


def _choose_ports() -> Ports:
    chosen: list[int] = []
    for variable, (default, purpose) in PORTS.items():
        text = os.environ.get(variable, str(default))
        if not text.isdecimal() or not 0 < int(text) < 65536:
            _refuse(f"{variable} must be a port number, not {text!r}.")
        port = int(text)
        if port in chosen or not is_free(port):
            _refuse(
                f"port {port} for {purpose} is in use; free it, or choose another: make demo {variable}=PORT"
            )
        chosen.append(port)
    portal, authorization, app = chosen
    return Ports(portal=portal, authorization=authorization, app=app, redis=choose_free(1)[0])


def _keep_secrets() -> Secrets:
    """Return the secrets of this folder, made at the first start."""
    file = FOLDER / "secrets.json"
    try:
        return Secrets(**json.loads(file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        made = Secrets()
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(made)))
        return made


def _fresh_run_folder() -> Path:
    """The portal in a box starts from nothing each time, so what the product knew of it goes too."""
    run = FOLDER / "run"
    shutil.rmtree(run, ignore_errors=True)
    return run


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    # A second signal must not tear the orderly end apart that the first one began.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _refuse(words: str) -> NoReturn:
    raise SystemExit(f"make demo: {words}")


if __name__ == "__main__":
    sys.exit(main())
