"""``python -m bxapp.sandbox``: start the portals and their authorization server in one process."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys

from bxapp.sandbox.server import running
from bxapp.sandbox.settings import SettingError
from bxapp.sandbox.state import Options

_DEFAULTS = Options()


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bxapp.sandbox", description=__doc__)
    parser.add_argument("--portal-port", type=int, default=8100, help="port of all portals; 0: any free one")
    parser.add_argument(
        "--authorization-port", type=int, default=8101, help="port of the authorization server"
    )
    parser.add_argument("--app-url", default=_DEFAULTS.app_url, help="where the application answers")
    parser.add_argument("--redirect-url", default="", help="where /oauth/authorize/ sends the browser back")
    parser.add_argument("--client-id", default=_DEFAULTS.client_id)
    parser.add_argument("--client-secret", default=_DEFAULTS.client_secret)
    parser.add_argument("--seed", type=int, default=_DEFAULTS.seed, help="the same seed gives the same world")
    parser.add_argument(
        "--workflows", type=int, default=_DEFAULTS.workflows, help="running at the start, each"
    )
    parser.add_argument("--portals", type=int, default=_DEFAULTS.portals, help="how many portals")
    parser.add_argument(
        "--without-installer", action="store_true", help="no installer URL: installed at once"
    )
    parser.add_argument("--settings", default="{}", help="JSON: settings of every portal from the start")
    return parser.parse_args(arguments)


async def serve(arguments: argparse.Namespace) -> None:
    """Answer until SIGTERM or SIGINT. When ready, one line of JSON on standard output says where."""
    options = Options(
        app_url=arguments.app_url,
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        seed=arguments.seed,
        workflows=arguments.workflows,
        portals=arguments.portals,
        without_installer=arguments.without_installer,
        redirect_url=arguments.redirect_url,
        settings=json.loads(arguments.settings),
    )
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with running(options, arguments.portal_port, arguments.authorization_port) as sandbox:
        addresses = [portal.origin for portal in sandbox.portals]
        ready = {
            "portal": addresses[0],
            "authorization": sandbox.authorization.origin,
            "control": f"{sandbox.authorization.origin}/control",
            "portals": addresses,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main() -> int:
    try:
        asyncio.run(serve(read_arguments()))
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot listen: {error}\n")
        return 1
    except (SettingError, json.JSONDecodeError) as error:
        sys.stderr.write(f"The sandbox cannot start: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
