"""Jobs and their items: the truth about what was asked for and how each workflow ended."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bxapp.terminations import lookups  # noqa: F401  (registers them)
from bxapp.terminations.states import BlockedReason, Doubt, ItemState, JobState, Outcome, Reason
from bxapp.workflows.models import SavedThing


class Job(models.Model):
    """One confirmed wish of one administrator: stop these workflows, with this message."""

    portal = models.ForeignKey("portals.Portal", on_delete=models.PROTECT, related_name="+")
    # Whose rights are used: those of the person who confirmed it, or another administrator's by leave.
    grant = models.ForeignKey("portals.AccessGrant", on_delete=models.PROTECT, related_name="+")
    may_use_other_grants = models.BooleanField(default=False)
    # Whose they are, where not that person's.
    rights_of_id = models.PositiveBigIntegerField(null=True, blank=True)
    rights_of_name = models.CharField(max_length=255, blank=True, default="")
    # Keys of grants that the portal refused for this job, each with the moment (ISO): of no use until their
    # people have opened the application again.
    refused_grants = models.JSONField(default=dict, blank=True)
    # The portal's installation it belongs to: what was queued before a removal never goes on after it.
    installation = models.PositiveIntegerField()
    created_by_id = models.PositiveBigIntegerField()
    created_by_name = models.CharField(max_length=255, blank=True, default="")
    # As typed, with its placeholders; what is sent for each workflow is with its item.
    message = models.CharField(max_length=255)
    # From the form: the same confirmation sent twice makes one job.
    idempotency_key = models.CharField(max_length=64)
    total = models.PositiveIntegerField()
    # The job whose failed workflows this one tries again.
    retry_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="retries"
    )
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    blocked_reason = models.CharField(max_length=32, choices=BlockedReason.choices, blank=True, default="")
    portal_words = models.TextField(blank=True, default="")
    blocked_at = models.DateTimeField(null=True, blank=True)
    # Set while the job may not go on before a moment (a limit, a portal that does not answer).
    not_before = models.DateTimeField(null=True, blank=True)
    # How many requests in a row brought no usable answer; the pauses grow with it.
    failures_in_a_row = models.PositiveIntegerField(default=0)
    silent_since = models.DateTimeField(null=True, blank=True)
    # Since when it refuses this job's calls, although it may answer questions in between; counted anew from a
    # refusal that says why, such as a limit.
    calls_refused_since = models.DateTimeField(null=True, blank=True)
    # How many items ended in which way; written in the transaction that ends them, so that a page need not
    # count a hundred thousand rows every second.
    terminated = models.PositiveIntegerField(default=0)
    already_finished = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The look for workflows that came back after they were stopped; empty once it has been done.
    # By the database's clock.
    ghosts_due_at = models.DateTimeField(null=True, blank=True)
    # Telling its person in the portal that it has ended; empty before the end, and again as soon as somebody
    # is about to tell it.
    notice_due_at = models.DateTimeField(null=True, blank=True)
    # How many items had ended at which moments of the last half minute (``speed``).
    marks = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "idempotency_key"], name="one_job_per_confirmation"),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state=JobState.FINISHED, finished_at__isnull=False)
                | (~Q(state=JobState.FINISHED) & Q(finished_at__isnull=True)),
                name="job_finished_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(
                    total__gte=F("terminated") + F("already_finished") + F("failed") + F("cancelled")
                ),
                name="job_ends_no_more_than_it_has",
            ),
        ]
        indexes = [
            models.Index(fields=["portal", "-id"], name="job_newest"),
            models.Index(fields=["portal", "total"], name="job_open", condition=~Q(state=JobState.FINISHED)),
            models.Index(
                fields=["ghosts_due_at"], name="job_ghosts", condition=Q(ghosts_due_at__isnull=False)
            ),
            models.Index(
                fields=["notice_due_at"], name="job_notices", condition=Q(notice_due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} of {self.total}"

    @property
    def counts(self) -> dict[str, int]:
        """How many items ended in which way, by outcome."""
        return {outcome: getattr(self, outcome) for outcome in Outcome.values}

    @property
    def ended(self) -> int:
        """How many items have an outcome."""
        return sum(self.counts.values())

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do or to hear."""
        return self.state != JobState.FINISHED


class Item(models.Model):
    """One workflow of a job, with what was known of it when it was chosen."""

    # Without an index of their own: those below begin with them.
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="items", db_index=False)
    portal = models.ForeignKey("portals.Portal", on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    workflow_id = models.CharField(max_length=128)
    module_id = models.CharField(max_length=64, blank=True, default="")
    entity = models.CharField(max_length=255, blank=True, default="")
    document_id = models.CharField(max_length=255, blank=True, default="")
    document_name = models.CharField(max_length=500, blank=True, default="")
    template_id = models.PositiveBigIntegerField(null=True)
    template_name = models.CharField(max_length=500, blank=True, default="")
    workflow_started_at = models.DateTimeField(null=True)
    started_by_id = models.PositiveBigIntegerField(null=True)
    started_by_name = models.CharField(max_length=255, blank=True, default="")
    # What is left in the portal as the status of this workflow, its placeholders filled in.
    message = models.CharField(max_length=255, blank=True, default="")
    # When the list that it was chosen from showed it idle or hung, by the database's clock: for a short time
    # that is as good as a look.
    idle_at = models.DateTimeField(null=True, blank=True)

    state = models.CharField(max_length=16, choices=ItemState.choices, default=ItemState.QUEUED)
    outcome = models.CharField(max_length=32, choices=Outcome.choices, blank=True, default="")
    reason = models.CharField(max_length=64, choices=Reason.choices, blank=True, default="")
    portal_words = models.TextField(blank=True, default="")
    other_job_id = models.BigIntegerField(null=True, blank=True)
    doubt = models.CharField(max_length=16, choices=Doubt.choices, blank=True, default="")
    not_before = models.DateTimeField(null=True, blank=True)
    # Since when it has been seen executing; it is left alone until idle, within reason. Stays when it is seen
    # idle: what resumes often may have done so again before its call.
    executing_since = models.DateTimeField(null=True, blank=True)
    # Attempts that the portal answered with an error for this very workflow.
    attempts = models.PositiveSmallIntegerField(default=0)
    # Calls whose answer never came. One of them may have stopped it, so when it is gone later, it was
    # terminated as far as anyone can tell.
    unheard_calls = models.PositiveSmallIntegerField(default=0)
    # Requests that held this workflow alone and ended in a server error or without an answer.
    breaks = models.PositiveSmallIntegerField(default=0)
    # Calls after it was stopped and came back as an empty entry.
    ghost_calls = models.PositiveSmallIntegerField(default=0)
    # When it was known to be back last: by a look, or by a call that was answered with an error; by the
    # worker's clock. Empty where it was gone, or the portal has confirmed a call since. Where ``sent_at`` is
    # later, nobody knows what came of that call.
    ghost_seen_at = models.DateTimeField(null=True, blank=True)
    # The largest batch it may be part of: 1 from the start where a batch might alter its message, and halved
    # each time a whole batch broke.
    batch_limit = models.PositiveSmallIntegerField(default=50)
    # The call that holds it while SENT or UNSURE: one value for a whole batch. Only who knows it may record.
    lease = models.UUIDField(null=True, blank=True)
    # When it was called for last, also after it came back.
    sent_at = models.DateTimeField(null=True, blank=True)
    # In the name of which user of the portal it was called last: the job may go on with another's rights.
    sent_as_id = models.PositiveBigIntegerField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    # In memory only. When the workflow was seen idle (monotonic seconds of this process), and whether a look
    # showed it although another job had terminated it before.
    looked_at: float | None = None
    has_returned = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "workflow_id"], name="workflow_once_per_job"),
            # Two jobs may name the same workflow, but only one call for it may be under way.
            models.UniqueConstraint(
                fields=["portal", "workflow_id"],
                condition=Q(state__in=[ItemState.SENT, ItemState.UNSURE]),
                name="one_call_per_workflow",
            ),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="item_state_known"),
            models.CheckConstraint(
                condition=Q(state=ItemState.DONE, outcome__in=Outcome.values, finished_at__isnull=False)
                | (~Q(state=ItemState.DONE) & Q(outcome="", finished_at__isnull=True)),
                name="item_done_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(state=ItemState.SENT, lease__isnull=False)
                | Q(state=ItemState.UNSURE)
                | Q(state__in=[ItemState.QUEUED, ItemState.DONE], lease__isnull=True),
                name="item_sent_has_lease",
            ),
            models.CheckConstraint(
                condition=(Q(state=ItemState.UNSURE) & ~Q(doubt=""))
                | (~Q(state=ItemState.UNSURE) & Q(doubt="")),
                name="item_unsure_has_doubt",
            ),
        ]
        indexes = [
            models.Index(fields=["job", "position"], name="item_order"),
            models.Index(fields=["job", "outcome", "position"], name="item_outcomes"),
            # What comes next, and what is in doubt. Not partial: SQLite does not use a partial index where
            # the condition's value is a parameter of the statement.
            models.Index(fields=["job", "state", "-batch_limit", "position"], name="item_next"),
            # Who holds a workflow, and who stopped it before.
            models.Index(fields=["portal", "workflow_id"], name="item_workflow"),
        ]

    def __str__(self) -> str:
        return self.workflow_id

    @property
    def waits_until_idle(self) -> bool:
        """Whether the last look at this queued one showed it being executed: only then it has a moment."""
        return self.executing_since is not None and self.not_before is not None


class Turn(models.Model):
    """Who works for a portal right now: one run at a time, held by a lease that ends by itself."""

    portal = models.OneToOneField("portals.Portal", on_delete=models.CASCADE, related_name="+")
    holder = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    # When there is something to do next, as far as was told: a wake-up, or news for the holder. On the
    # database's clock, as ``until``.
    wake_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"turn of portal {self.portal_id}"


class Pace(models.Model):
    """What was learned of a portal's pace, so that its next job starts there; nothing depends on it."""

    portal = models.OneToOneField("portals.Portal", on_delete=models.CASCADE, related_name="+")
    # ``portal_memory.PortalMemory``
    memory = models.JSONField(default=dict)
    learned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"pace of portal {self.portal_id}"


class SavedMessage(SavedThing):
    """A status message to be used again; ``content`` is as typed, with its placeholders."""

    @property
    def status_message(self) -> str:
        return self.content
