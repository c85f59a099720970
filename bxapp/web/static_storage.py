"""Static files under names that carry their content's hash, script modules included."""

from __future__ import annotations

from whitenoise.storage import (  # type: ignore[import-untyped]  # it has none
    CompressedManifestStaticFilesStorage,
)


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise: no types
    """Modules name each other by their hashed names too: after an update no page mixes old and new ones."""

    support_js_module_import_aggregation = True
