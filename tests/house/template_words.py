"""Finds what a person would read and what is not translated: in a template, or in markup of Python code."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

# What is read out or shown. `data-…` of a template holds words for scripts, except where it holds names.
READ_ATTRIBUTES = frozenset(
    {"alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription", "aria-valuetext"}
    | {"data-announcement", "data-label", "label", "placeholder", "summary", "title"}
)
# Their text is a language of its own.
_UNREAD_ELEMENTS = frozenset({"script", "style"})
# The same word in every language.
_UNIVERSAL = frozenset({"UTC", "example.bitrix24.com"})
_FALLBACK = re.compile(r"""\|\s*(?:default|default_if_none|yesno)\s*:\s*(?:"([^"]*)"|'([^']*)')""")
_ASSIGNED = re.compile(r"""\b\w+\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TRANSLATED = re.compile(r"""_\((?:"[^"]*"|'[^']*')\)""")

# In strings of Python's: an element (which no name of a group in a pattern is), and a place for a value.
_ELEMENT = re.compile(r"(?<!\?P)</?[a-z]+[\s>]")
_PLACE = re.compile(r"\{\w*\}")


def untranslated_words(template: str) -> list[str]:
    """Return each text with letters that stands in ``template`` as it is.

    It may stand between tags, in an attribute that is shown or read out, as the fallback of a variable, or be
    given to an included template to be shown.
    """
    return _words_in(_markup_of(template))


def untranslated_words_of_code(code: str) -> list[str]:
    """Return the same for the markup that Python code holds in its strings, as for ``format_html``."""
    tree = ast.parse(code)
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    markup = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]
    return [word for text in markup if _ELEMENT.search(text) for word in _words_in(_PLACE.sub("", text))]


def _words_in(markup: str) -> list[str]:
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.found


def _markup_of(template: str) -> str:
    """Return the markup without what Django puts in: for variables stand their own fallbacks, if any."""
    markup = []
    hidden_until = ""
    for token in Lexer(template).tokenize():
        name = (token.contents.split() or [""])[0] if token.token_type == TokenType.BLOCK else ""
        if hidden_until:
            hidden_until = "" if name == hidden_until else hidden_until
        elif name in {"blocktranslate", "comment"}:
            hidden_until = f"end{name}"
        elif token.token_type == TokenType.TEXT:
            markup.append(token.contents)
        elif token.token_type == TokenType.VAR:
            markup += _literals(_FALLBACK, token.contents)
        elif name in {"include", "with"}:
            # "role" and the like are names; what has a blank or begins with a capital is meant for reading.
            given = _literals(_ASSIGNED, token.contents)
            markup += [text for text in given if " " in text or text[:1].isupper()]
    return "".join(markup)


def _literals(pattern: re.Pattern[str], contents: str) -> list[str]:
    return [one or other for one, other in pattern.findall(_TRANSLATED.sub("", contents))]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unread = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD_ELEMENTS:
            self._unread = tag
        given = dict(attrs)
        shown = set(READ_ATTRIBUTES)
        if tag == "input" and given.get("type") in {"button", "reset", "submit"}:
            shown.add("value")
        for name, value in attrs:
            if name in shown:
                self._see(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = ""

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._see(data)

    def _see(self, text: str) -> None:
        words = [word for word in text.split() if word not in _UNIVERSAL]
        if any(letter.isalpha() for word in words for letter in word):
            self.found.append(" ".join(words))
