"""Typed calls: what the application asks of a portal, and what it gets back."""

from __future__ import annotations

from bxapp.bitrix.methods.handlers import bind_events
from bxapp.bitrix.methods.instances import (
    FIELDS,
    LOCK_FIELDS,
    Instance,
    likely_id,
    named,
    read_instance,
    running,
)
from bxapp.bitrix.methods.licenses import LICENSE_QUESTION, License, is_on_premise, license_of, read_license
from bxapp.bitrix.methods.people import Person
from bxapp.bitrix.methods.profiles import Profile, profile
from bxapp.bitrix.methods.terminating import Stopped, stop
from bxapp.bitrix.methods.workflow_pages import WorkflowPage, workflow_page

__all__ = [
    "FIELDS",
    "LICENSE_QUESTION",
    "LOCK_FIELDS",
    "Instance",
    "License",
    "Person",
    "Profile",
    "Stopped",
    "WorkflowPage",
    "bind_events",
    "is_on_premise",
    "license_of",
    "likely_id",
    "named",
    "profile",
    "read_instance",
    "read_license",
    "running",
    "stop",
    "workflow_page",
]
