"""Brings the catalogs of translations up to date with the sentences of the application (``make messages``).

Sentences are taken out of the Python code and the templates; those of the scripts stand in a template too. A
translation stays as long as its English sentence is there, letter by letter: nothing is guessed, so nothing
is fuzzy, and what is not said any more leaves the catalog. Pure Python: neither xgettext nor msgmerge is
needed.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message

ROOT = Path(__file__).parents[1]
LOCALES = ROOT / "bxapp" / "locale"
LANGUAGES = ("de", "es", "fr", "pl", "pt_BR", "ru")

_KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_COMMENTS = ("Translators:",)
_PREAMBLE = """\
# Translations of Flowstop.
# This file is distributed under the same licence as Flowstop (MIT).
msgid ""
msgstr ""
"Project-Id-Version: Flowstop\\n"
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def catalog_file(language: str) -> Path:
    """Return the catalog of a language, which is named as gettext does: ``pt_BR``."""
    return LOCALES / language / "LC_MESSAGES" / "django.po"


def _sources() -> Iterator[tuple[Path, bytes]]:
    """Yield each file that may hold sentences, with its content as Python code.

    The sandbox is no part of the product, and speaks English.
    """
    for path in sorted((ROOT / "bxapp").rglob("*.py")):
        if (ROOT / "bxapp" / "sandbox") not in path.parents:
            yield path, path.read_bytes()
    for path in sorted((ROOT / "templates").rglob("*.html")):
        code = templatize(path.read_text(), origin=str(path.relative_to(ROOT)))
        # The indentation of markup would be an error of Python's.
        yield path, "\n".join(line.strip() for line in code.splitlines()).encode()


def sentences() -> Catalog:
    """Return every sentence that code and templates ask to be translated, with the files that do."""
    found = Catalog()
    for path, code in _sources():
        messages = extract("python", io.BytesIO(code), _KEYWORDS, _COMMENTS, strip_comment_tags=True)
        for _line, sentence, comments, context in messages:
            place = str(path.relative_to(ROOT))
            found.add(sentence, locations=[(place, 0)], auto_comments=comments, context=context)
    return found


def renewed(old: Catalog, wanted: Catalog, language: str) -> Catalog:
    """Return a catalog of ``wanted`` with the translations that ``old`` has for exactly these sentences.

    A sentence that has become one of several numbers, or is none any more, starts anew.
    """
    new = Catalog(locale=language, fuzzy=False)
    for sentence in wanted:
        if not sentence.id:
            continue
        known = old.get(sentence.id, sentence.context)
        if known is not None and known.pluralizable == sentence.pluralizable:
            translation, flags, remarks = known.string, known.flags | sentence.flags, known.user_comments
        else:
            translation, flags, remarks = None, sentence.flags, []
        new.add(
            sentence.id,
            translation or (("",) * new.num_plurals if sentence.pluralizable else ""),
            locations=sentence.locations,
            flags=flags,
            auto_comments=sentence.auto_comments,
            user_comments=remarks,
            context=sentence.context,
        )
    return new


def written(catalog: Catalog, language: str) -> str:
    """Return a catalog as the file keeps it: by place, without numbers of lines, moments or tools."""
    body = io.BytesIO()
    write_po(body, catalog, width=0, omit_header=True, sort_by_file=True, include_lineno=False)
    head = _PREAMBLE.format(language=language, plural_forms=catalog.plural_forms)
    return head + body.getvalue().decode().strip() + "\n"


def read(language: str) -> Catalog:
    """Return the catalog of a language as it is on disk.

    Raises ``babel.messages.pofile.PoFileError`` for a line that is none of a catalog.
    """
    with catalog_file(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def untranslated(catalog: Catalog) -> list[Message]:
    """Return the sentences of which a translation, or one of its plural forms, is missing."""
    return [message for message in catalog if message.id and not all(forms(message))]


def forms(message: Message) -> list[str]:
    """Return the translations of a sentence: one for each plural form; empty where none is."""
    if not isinstance(message.string, (list, tuple)):
        return [message.string or ""]
    return [str(form) for form in message.string]


def main() -> int:
    """Bring the catalogs up to date, and tell how many sentences of each wait for a translation."""
    parser = argparse.ArgumentParser(description="Bring catalogs of translations up to date.")
    parser.add_argument(
        "languages",
        nargs="*",
        default=LANGUAGES,
        metavar="language",
        help=f"all of {', '.join(LANGUAGES)} if none",
    )
    chosen = parser.parse_args().languages
    wanted = sentences()
    for language in chosen:
        path = catalog_file(language)
        new = renewed(read(language), wanted, language)
        path.write_text(written(new, language))
        sys.stdout.write(f"{language}: {len(new)} sentences, {len(untranslated(new))} to translate\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
