"""Portals, the token pairs that their users granted, and how those users like their pages."""

from __future__ import annotations

from django.db import models

from bxapp.portals.encryption import SecretField


class Portal(models.Model):
    """A Bitrix24 portal, known for ever by its ``member_id``; everything else about it may change.

    A portal that is reached by an incoming webhook is a row of its own, also where the application is
    installed in it too: no webhook tells a ``member_id``, and two ways in have two sets of rights and limits.
    """

    class Kind(models.TextChoices):
        APPLICATION = "application"
        # Nothing is installed there. Its ``member_id`` is made of the address (``bitrix.webhooks``), its
        # grants hold the webhooks' secrets as access tokens and are never renewed.
        WEBHOOK = "webhook"

    class State(models.TextChoices):
        INSTALLED = "installed"
        UNINSTALLED = "uninstalled"

    member_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.APPLICATION)
    domain = models.CharField(max_length=255)
    # Confirmed by the authorization server; REST calls go nowhere else.
    client_endpoint = models.CharField(max_length=500)
    authorization_server = models.CharField(max_length=255)
    application_token = SecretField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.INSTALLED)
    # Rises with every installation after a removal; sessions and jobs of an earlier one are void.
    installation = models.PositiveIntegerField(default=1)
    license_status = models.CharField(max_length=8, blank=True, default="")
    # What the portal's own ``app.info`` told last; the limits of the portal depend on it.
    license = models.CharField(max_length=64, blank=True, default="")
    license_family = models.CharField(max_length=64, blank=True, default="")
    # From here a day is counted until it is asked again; a day ago almost, after a question that failed.
    license_asked_at = models.DateTimeField(null=True, blank=True)
    # The permissions that the application has there, as the authorization server told at the last launch.
    # None: not known yet.
    scope = models.JSONField(null=True, blank=True)
    language = models.CharField(max_length=16, blank=True, default="")
    installed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(
        help_text="The last install or launch that the authorization server confirmed."
    )
    handlers_bound_at = models.DateTimeField(null=True, blank=True)
    uninstalled_at = models.DateTimeField(null=True, blank=True)
    # The first sign in a row that the application was removed without a word; any confirmation clears it.
    absent_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["installed", "uninstalled"]), name="portal_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["application", "webhook"]), name="portal_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class AccessGrant(models.Model):
    """The token pair of one user of one portal: what this application may do, and in whose name."""

    class State(models.TextChoices):
        ACTIVE = "active"
        # The refresh token was refused for good: only the user can help, by opening the application again.
        REFUSED = "refused"
        # The application was removed; the pair is gone.
        DROPPED = "dropped"

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="grants")
    user_id = models.PositiveBigIntegerField()
    user_name = models.CharField(max_length=255, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=16, blank=True, default="")
    is_admin = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    access_token = SecretField(blank=True, default="")
    refresh_token = SecretField(blank=True, default="")
    expires_at = models.DateTimeField()
    # Counts the pairs: who refreshed pair 7 may only store pair 8.
    pair_number = models.PositiveIntegerField(default=1)
    # One refresh at a time across processes: who sets these by a conditional update may ask,
    # until the lease ends.
    refresh_holder = models.UUIDField(null=True, blank=True)
    refresh_until = models.DateTimeField(null=True, blank=True)
    renewed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(help_text="When this user last opened the application.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "user_id"], name="one_grant_per_user"),
            models.CheckConstraint(
                condition=models.Q(state__in=["active", "refused", "dropped"]), name="grant_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_name or self.user_id} at {self.portal_id}"


class Preference(models.Model):
    """How one person wants the pages to look; without a row they look as portal and system have it."""

    class Theme(models.TextChoices):
        SYSTEM = "system"
        LIGHT = "light"
        DARK = "dark"

    grant = models.OneToOneField(AccessGrant, on_delete=models.CASCADE, related_name="preference")
    # A language of ours; empty: as in the portal.
    language = models.CharField(max_length=16, blank=True, default="")
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(theme__in=["system", "light", "dark"]), name="theme_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language or 'as in the portal'}, {self.theme}"
