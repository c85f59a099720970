"""Names that a portal gave to its people and templates, kept so that later pages need not ask again."""

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
