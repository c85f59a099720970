"""The audit log: one row for each thing that happened, appended once and never changed.

The database itself refuses every change and removal of a row (``migrations/0002_append_only.py``).
"""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """Who did what, to what, with which words, and how it ended: names as they were at that moment."""

    class Kind(models.TextChoices):
        INSTALLED = "installed"
        UNINSTALLED = "uninstalled"
        OPENED = "opened"  # by an administrator who had not been here before
        REFUSED = "refused"
        JOB_QUEUED = "job_queued"
        JOB_PAUSED = "job_paused"
        JOB_CANCELLED = "job_cancelled"
        JOB_BLOCKED = "job_blocked"
        JOB_RESUMED = "job_resumed"
        JOB_FINISHED = "job_finished"
        OUTCOME = "outcome"
        GHOST = "ghost"  # a stopped workflow came back as an empty entry
        PROTECTED = "protected"  # a template; its number and name are in ``template``
        UNPROTECTED = "unprotected"
        # What the portal's administrators share; its name is in ``document``.
        FILTER_SAVED = "filter_saved"
        FILTER_CHANGED = "filter_changed"
        FILTER_DELETED = "filter_deleted"
        MESSAGE_SAVED = "message_saved"
        MESSAGE_CHANGED = "message_changed"
        MESSAGE_DELETED = "message_deleted"

    portal = models.ForeignKey("portals.Portal", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # None and empty where the portal or the application itself acted.
    actor_id = models.PositiveBigIntegerField(null=True)
    actor_name = models.CharField(max_length=255, blank=True, default="")
    # Whose rights were used, where it was another administrator's with the actor's leave; else None. May be
    # None and not empty: such a column SQLite adds without making the table anew, which keeps its triggers.
    rights_of_id = models.PositiveBigIntegerField(null=True)
    rights_of_name = models.CharField(max_length=255, null=True)  # noqa: DJ001  (see above)
    job_id = models.BigIntegerField(null=True)
    # The job that had stopped the workflow before, or whose failed ones a new job tries again.
    other_job_id = models.BigIntegerField(null=True)
    workflow_id = models.CharField(max_length=128, blank=True, default="")
    document = models.CharField(max_length=500, blank=True, default="")
    template = models.CharField(max_length=500, blank=True, default="")
    message = models.CharField(max_length=255, blank=True, default="")
    outcome = models.CharField(max_length=32, blank=True, default="")
    # A code of this application; the sentence is made when it is shown.
    reason = models.CharField(max_length=64, blank=True, default="")
    portal_words = models.TextField(blank=True, default="")
    count = models.PositiveIntegerField(null=True, help_text="How many workflows the entry speaks of.")
    # Of a finished job: how many workflows ended in which way, by outcome.
    counts = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["portal", "-id"], name="audit_newest"),
            models.Index(fields=["portal", "workflow_id", "-id"], name="audit_workflow"),
            models.Index(fields=["portal", "actor_id", "-id"], name="audit_person"),
            models.Index(fields=["portal", "outcome", "-id"], name="audit_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.workflow_id}".strip()
