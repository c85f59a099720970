"""The journal's rows. They name their portal by its ``member_id``, not by a key: a row must never wait for a
lock on its portal, nor keep it from being erased."""

from __future__ import annotations

from django.db import models


class JournalEntry(models.Model):
    """One HTTP request to a portal or an authorization server, and what came of it."""

    at = models.DateTimeField(help_text="When the request left.")
    # Empty where nobody has confirmed yet whose the request was.
    member_id = models.CharField(max_length=64, blank=True, default="")
    server = models.CharField(max_length=255, help_text="Host and port that were asked.")
    method = models.CharField(max_length=100)
    # Of a batch: its methods, and how many commands each had.
    commands = models.JSONField(default=dict, blank=True)
    params = models.JSONField(default=dict, blank=True)
    # Empty where no answer came.
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(default=dict, blank=True)
    # The class of ``bitrix.errors`` that the answer, or its absence, stands for; then code and words of it.
    error = models.CharField(max_length=64, blank=True, default="")
    error_code = models.CharField(max_length=100, blank=True, default="")
    error_words = models.TextField(blank=True, default="")
    # Of a batch: what failed, by the commands' keys.
    failed = models.PositiveSmallIntegerField(default=0)
    command_errors = models.JSONField(default=dict, blank=True)
    duration_ms = models.PositiveIntegerField()
    # The method's execution time so far, as the portal told it; of a batch the largest.
    operating_seconds = models.FloatField(null=True)
    job_id = models.BigIntegerField(null=True)
    # Which HTTP request of the same call it was: 2 after a renewed token or a redirect.
    attempt = models.PositiveSmallIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="journal_oldest"),
            models.Index(fields=["member_id", "at"], name="journal_portal"),
            models.Index(
                fields=["job_id", "at"], name="journal_job", condition=models.Q(job_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} at {self.server}"
