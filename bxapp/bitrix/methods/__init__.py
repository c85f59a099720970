"""Typed calls: what the application asks of a portal, and what it gets back."""

from __future__ import annotations

from bxapp.bitrix.methods.handlers import bind_events
from bxapp.bitrix.methods.instances import LOCK_FIELDS, Instance, read_instance, running
from bxapp.bitrix.methods.licenses import License, is_on_premise, license_of
from bxapp.bitrix.methods.people import Person
from bxapp.bitrix.methods.profiles import Profile, profile
from bxapp.bitrix.methods.terminating import Stopped, stop, terminate
from bxapp.bitrix.methods.workflow_pages import WorkflowPage, workflow_page

__all__ = [
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
    "profile",
    "read_instance",
    "running",
    "stop",
    "terminate",
    "workflow_page",
]
