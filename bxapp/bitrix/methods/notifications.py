"""Notifications in the portal (documentation "im.notify.system.add"; ``im/classes/general/im_rest.php``).

The system's kind comes under the application's own name. The personal kind (``im.notify.personal.add``) comes
from the user whose token is used: from oneself, or from a colleague with whose rights a job went on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client

METHOD = "im.notify.system.add"
SCOPE = "im"
# What would begin a BB code in the portal; this looks alike and begins none.
_HARMLESS = str.maketrans({"[": "\N{FULLWIDTH LEFT SQUARE BRACKET}"})


def notify(client: Client, user_id: int, text: str, *, tag: str) -> bool:
    """Notify a user; return whether the portal says that it did.

    ``text`` is shown as it is. A second notification with the same ``tag`` takes the place of the first. A
    user who switched such notifications off gets none, and the portal tells nothing of it.
    Raises BitrixError: ScopeMissing without the permission ``im``.
    """
    plain = text.translate(_HARMLESS)
    answer = client.call(METHOD, {"USER_ID": user_id, "MESSAGE": plain, "MESSAGE_OUT": plain, "TAG": tag})
    return answer.result is not False
