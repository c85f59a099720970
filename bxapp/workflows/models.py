"""Names that a portal gave to its people and templates, what somebody has chosen but not confirmed, and what
"all" leaves out.
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
    count = models.PositiveIntegerField()
    # The first ones, to name them without unpacking all.
    head = models.JSONField(default=list)
    # A JSON list of ``selection.listed``, compressed.
    content = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"selection of {self.count}"


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
