"""Blows from the portal's side: its answers, its tokens and rights, and what workflows do by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.breaking.blows import Blow

if TYPE_CHECKING:
    from tests.breaking.battle import Battle


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalFault(Blow):
    """A fault of the sandbox, in one portal, for ``seconds`` or as long as its ``times`` last."""

    portal: int
    fault: str
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.options if name != "seed")
        return f"portal {self.portal}: {self.fault} ({told}) for {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        camp = battle.camps[self.portal]
        options = dict(self.options)
        if options.get("server") != "authorization":
            options["portal"] = camp.number
        battle.faults[self] = camp.control.add_fault(self.fault, **options)

    def relieve(self, battle: Battle) -> None:
        fault_id = battle.faults.pop(self, None)
        if fault_id is not None:
            control = battle.camps[self.portal].control
            battle.note(f"portal {self.portal}: {self.fault} struck {control.hits_of_fault(fault_id)} times")
            control.remove_fault(fault_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePortal(Blow):
    """A setting of the portal for ``seconds``: closed for a while, or moved to a new domain."""

    portal: int
    setting: str

    def __str__(self) -> str:
        return f"portal {self.portal}: {self.setting} for {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        battle.camps[self.portal].control.change_settings(**{self.setting: True})

    def relieve(self, battle: Battle) -> None:
        battle.camps[self.portal].control.change_settings(**{self.setting: False})


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePortal(ChangePortal):
    kind: str = "302"
    setting: str = "moved"

    def relieve(self, battle: Battle) -> None:
        """A portal that has moved stays where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePortal(ChangePortal):
    kind: str = "portal closed"
    setting: str = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeTokens(Blow):
    """The user's pair becomes worthless; ``seconds`` later that person opens the application again."""

    kind: str = "token revoked"
    portal: int
    user_id: int

    def __str__(self) -> str:
        return (
            f"portal {self.portal}: user {self.user_id} loses the tokens, opens again {self.seconds:.1f} s on"
        )

    def strike(self, battle: Battle) -> None:
        battle.camps[self.portal].control.revoke_tokens(self.user_id)

    def relieve(self, battle: Battle) -> None:
        battle.begin(battle.camps[self.portal].people[self.user_id].open_again)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireTokens(Blow):
    kind: str = "token expired"
    portal: int

    def __str__(self) -> str:
        return f"portal {self.portal}: access tokens run out"

    def strike(self, battle: Battle) -> None:
        battle.camps[self.portal].control.expire_tokens()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRights(Blow):
    """The user is no administrator for ``seconds``; opens the application again after that."""

    kind: str = "rights lost"
    portal: int
    user_id: int

    def __str__(self) -> str:
        return f"portal {self.portal}: user {self.user_id} no administrator for {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        battle.camps[self.portal].control.change_user(self.user_id, admin=False)

    def relieve(self, battle: Battle) -> None:
        camp = battle.camps[self.portal]
        camp.control.change_user(self.user_id, admin=True)
        battle.begin(camp.people[self.user_id].open_again)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSome(Blow):
    """Chosen workflows, by their places, come to their own end."""

    kind: str = "ends by itself"
    portal: int
    places: tuple[int, ...]

    def __str__(self) -> str:
        return f"portal {self.portal}: {len(self.places)} end by themselves"

    def strike(self, battle: Battle) -> None:
        camp = battle.camps[self.portal]
        for place in self.places:
            camp.control.end_workflow(camp.workflow_ids[place])


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSome(Blow):
    """Chosen workflows are executed for ``executing`` seconds; stopped meanwhile, they come back."""

    kind: str = "resumes by itself"
    portal: int
    places: tuple[int, ...]
    executing: float

    def __str__(self) -> str:
        return f"portal {self.portal}: {len(self.places)} are executed for {self.executing:.1f} s"

    def strike(self, battle: Battle) -> None:
        camp = battle.camps[self.portal]
        for place in self.places:
            camp.control.resume_workflow(camp.workflow_ids[place], self.executing)
