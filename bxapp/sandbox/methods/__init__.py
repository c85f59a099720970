"""The REST methods, one module per family; this is their register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.sandbox.call import Method
from bxapp.sandbox.failures import RestError
from bxapp.sandbox.methods import (
    application,
    event,
    notification,
    placement,
    task,
    template,
    user,
    workflow,
)

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.world import Portal


async def _batch(call: Call) -> object:
    """Registered for its name and scope only: :mod:`bxapp.sandbox.rest` runs batches itself."""
    raise AssertionError


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("batch", "", _batch),
        *application.METHODS,
        *user.METHODS,
        *event.METHODS,
        *placement.METHODS,
        *workflow.METHODS,
        *template.METHODS,
        *task.METHODS,
        *notification.METHODS,
    )
}
application.KNOWN.update(METHODS)


def find_method(portal: Portal, name: str) -> Method:
    """The method ``name`` (lower case). Raises :class:`RestError`, also where the plan lacks it."""
    method = METHODS.get(name)
    if method is None or (method.scope == "bizproc" and not portal.settings.workflows_available):
        raise RestError("Method not found!", "ERROR_METHOD_NOT_FOUND", 404)
    return method
