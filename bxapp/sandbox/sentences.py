"""What a portal says in its own language, where REST hands the sentence through."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.sandbox.settings import PortalSettings

NOT_FOUND = {
    "en": "The business process is not found.",
    "de": "Der Geschäftsprozess wurde nicht gefunden.",
    "ru": "Бизнес-процесс не найден.",
    "la": "No se encontró el proceso de negocio.",
    "br": "O processo de negócio não foi encontrado.",
    "fr": "Le processus d'entreprise est introuvable.",
    "pl": "Nie znaleziono procesu biznesowego.",
    "ua": "Бізнес-процес не знайдено.",
}
LOCKED = {
    "en": "The workflow is hung or being executed.",
    "de": "Der Workflow hängt oder wird gerade ausgeführt.",
    "ru": "Бизнес-процесс завис или выполняется.",
    "la": "El flujo de trabajo está colgado o en ejecución.",
    "br": "O fluxo de trabalho está travado ou em execução.",
    "fr": "Le flux de travail est bloqué ou en cours d'exécution.",
    "pl": "Workflow jest zawieszony lub wykonywany.",
    "ua": "Бізнес-процес завис або виконується.",
}
TERMINATED = {
    "en": "Terminated",
    "de": "Abgebrochen",
    "ru": "Прерван",
    "la": "Terminado",
    "br": "Encerrado",
    "fr": "Interrompu",
    "pl": "Przerwany",
    "ua": "Перервано",
}
CORRUPT = (
    "EmptyWorkflowInstance",
    "WorkflowNotFound",
    "Empty root activity",
    "InvalidAttemptToLoad",
    "ActivitySetWorkflow",
)
"""Raw texts of states that cannot be loaded (``workflowpersister.php``, ``runtime.php``)."""


def say(sentences: dict[str, str], settings: PortalSettings) -> str:
    """The sentence in the portal's language, English for languages not listed here."""
    return sentences.get(settings.language, sentences["en"])
