"""Names that a portal gave to its people and templates, what somebody has chosen but not confirmed, what
"all" leaves out, and filters that are saved.
"""

from __future__ import annotations

from django.db import models


class PersonName(models.Model):
    """How a portal calls one of its users, and whether that person still works there."""

    portal = models.ForeignKey("portals.Portal", on_delete=models.CASCADE, related_name="+")
    user_id = models.PositiveBigIntegerField()
    name = models.CharField(max_length=255)
    is_active = models.BooleanField(default=True)
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "user_id"], name="one_name_per_person")]

    def __str__(self) -> str:
        return self.name


class TemplateName(models.Model):
    """How a portal calls one of its workflow templates."""

    portal = models.ForeignKey("portals.Portal", on_delete=models.CASCADE, related_name="+")
    template_id = models.PositiveBigIntegerField()
    name = models.CharField(max_length=500)
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "template_id"], name="one_name_per_template")
        ]

    def __str__(self) -> str:
        return self.name


class KeptSelection(models.Model):
    """An exact list of workflows as it was chosen, on its way from the list to the confirmation."""

    portal = models.ForeignKey("portals.Portal", on_delete=models.CASCADE, related_name="+")
    # What the browser carries instead of the list.
    reference = models.CharField(max_length=32, unique=True)
    # Of how many workflows, and of which moment where it is everything that ran at one.
    count = models.PositiveIntegerField()
    as_of = models.DateTimeField(null=True)
    # From when on it was read, by the database's clock, where all of it was read for this list.
    read_at = models.DateTimeField(null=True)
    # False while a snapshot is still being read: such a list cannot be confirmed.
    is_complete = models.BooleanField(default=True)
    # The first ones, to name them without unpacking all.
    head = models.JSONField(default=list)
    # ``summaries.Summary`` as JSON.
    summary = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"selection of {self.count}"


class KeptPart(models.Model):
    """Some thousands of the workflows of a kept list: no process holds the texts of a hundred thousand."""

    selection = models.ForeignKey(KeptSelection, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    # Their IDs, one a line, compressed: to find out what belongs to the list without unpacking the rest.
    # They count: the content may hold more where some were taken out.
    ids = models.BinaryField()
    # A JSON list of ``selection.listed``, compressed.
    content = models.BinaryField()
    summary = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["selection", "position"], name="one_part_a_place")]

    def __str__(self) -> str:
        return f"part {self.position} of selection {self.selection_id}"


class Snapshot(models.Model):
    """Everything that a filter means, being read into a kept list; the person's page asks how far it is."""

    class State(models.TextChoices):
        READING = "reading"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    portal = models.ForeignKey("portals.Portal", on_delete=models.CASCADE, related_name="+")
    # Whose rights are used.
    grant = models.ForeignKey("portals.AccessGrant", on_delete=models.CASCADE, related_name="+")
    selection = models.OneToOneField(KeptSelection, on_delete=models.CASCADE, related_name="snapshot")
    # The filter, as in the list's address.
    query = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.READING)
    # How many rows the portal has, as it counted at the beginning, and how many of them have been read.
    expected = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)
    # Of protected templates, which "all" leaves out.
    left_out = models.PositiveIntegerField(default=0)
    # The last ID that was read, and the largest one of the beginning: what appeared later is beyond it.
    last_id = models.CharField(max_length=128, blank=True, default="")
    top_id = models.CharField(max_length=128, blank=True, default="")
    # Who reads right now, until when that holds, and before when it is of no use.
    holder = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    progress_at = models.DateTimeField()
    failures_in_a_row = models.PositiveSmallIntegerField(default=0)
    # Why it failed: a code of ``web.refusals`` or of ``snapshot_steps``; and the portal's own words.
    reason = models.CharField(max_length=64, blank=True, default="")
    portal_words = models.TextField(blank=True, default="")
    reset_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["reading", "done", "failed", "cancelled"]),
                name="snapshot_state_known",
            )
        ]

    def __str__(self) -> str:
        return f"snapshot of {self.read} of {self.expected}"


class ProtectedTemplate(models.Model):
    """A template whose workflows "all" leaves out; whoever stops one has to say so."""

    portal = models.ForeignKey("portals.Portal", on_delete=models.CASCADE, related_name="+")
    template_id = models.PositiveBigIntegerField()
    # As it was called when it was protected.
    name = models.CharField(max_length=500, blank=True, default="")
    protected_by_id = models.PositiveBigIntegerField()
    protected_by_name = models.CharField(max_length=255, blank=True, default="")
    protected_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "template_id"], name="protected_once")]

    def __str__(self) -> str:
        return self.name or str(self.template_id)


class KeptOverview(models.Model):
    """The figures on top of the list as counted at one moment: shown again, and compared with later ones.

    One row for each visit rather than one for each template: what is compared is a whole moment.
    """

    portal = models.ForeignKey("portals.Portal", on_delete=models.CASCADE, related_name="+")
    counted_at = models.DateTimeField()
    # ``overview_counts.Counts`` as JSON.
    content = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["portal", "counted_at"], name="overviews_by_moment")]

    def __str__(self) -> str:
        return f"overview of {self.counted_at:%Y-%m-%d %H:%M}"


class SavedThing(models.Model):
    """What a portal's administrators share under a name; ``saved`` keeps it."""

    portal = models.ForeignKey("portals.Portal", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    # The name without regard to case and manner of writing (``saved.key_of``), which may lengthen it.
    name_key = models.CharField(max_length=320)
    content = models.TextField()
    saved_by_id = models.PositiveBigIntegerField()
    saved_by_name = models.CharField(max_length=255, blank=True, default="")
    saved_at = models.DateTimeField()

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["portal", "name_key"], name="%(class)s_named_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def status_message(self) -> str:
        """The status message that this is, for the audit log; empty where it is something else."""
        return ""


class SavedFilter(SavedThing):
    """Which of the running workflows are meant; ``content`` is a query of ``filter_query``."""
