"""Batch commands are written the way PHP reads them."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bxapp.bitrix import encoding
from bxapp.bitrix.encoding import changes_in_batch, command_text, php_query


def test_the_documented_terminate_command() -> None:
    params = {"ID": "65e5a449e8f135.21284909", "STATUS": "Terminated by rest app."}
    assert command_text("bizproc.workflow.terminate", params) == (
        "bizproc.workflow.terminate?ID=65e5a449e8f135.21284909&STATUS=Terminated%20by%20rest%20app."
    )


def test_a_command_without_parameters_has_no_question_mark() -> None:
    assert command_text("event.get", {}) == "event.get"


def test_nested_parameters_become_names_with_brackets() -> None:
    query = php_query({"filter": {">ID": "5", "ID": ["a", "b"]}, "select": ["ID", "NAME"], "start": 50})
    assert parse_qsl(query, keep_blank_values=True) == [
        ("filter[>ID]", "5"),
        ("filter[ID][0]", "a"),
        ("filter[ID][1]", "b"),
        ("select[0]", "ID"),
        ("select[1]", "NAME"),
        ("start", "50"),
    ]
    assert "filter%5B%3EID%5D=5" in query


@pytest.mark.parametrize(("value", "text"), [(True, "1"), (False, "0"), (None, ""), (0, "0"), (1.5, "1.5")])
def test_values_are_what_php_makes_of_them(value: object, text: str) -> None:
    assert php_query({"x": value}) == f"x={text}"


@pytest.mark.parametrize(
    "text", ["a#b", "a&b=c", "a?b", "a+b c", "100 %", "ключ", "🙂", "a\nb", "[x]", "/;:@,"]
)
def test_every_text_survives(text: str) -> None:
    query = php_query({"STATUS": text})
    assert parse_qsl(query, keep_blank_values=True) == [("STATUS", text)]
    assert not set("#?+ ") & set(query)


@pytest.mark.parametrize(
    "text",
    [
        "$result[a]",
        "see $Result[a][0][ID] here",
        "$NEXT[x]",
        "costs $total[1]",
        "$time[x]",
        "$error[x]",
        "$error_description[x]",
        "$resultx[y]",
        "a$result[",
    ],
)
def test_references_would_be_replaced(text: str) -> None:
    assert changes_in_batch(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "< ScRiPt >",
        "&lt;script&gt;",
        "%3Cscript%3E",
        "java\tscript:alert(1)",
        "<b>bold</b>",
        "<!DOCTYPE",
        "onclick=x",
        "\\x6aavascript:",
        "\\6aavascript:",
        "behavior: url(x)",
        "-moz-binding: url(x)",
        "on\\c\\lick =x",
        "see ../../etc/passwd",
        "see ..\\..\\etc",
        "%2e%2e%2f",
        "UNION ALL SELECT 1",
        "select a from b",
        "Taken from the list where it stood",
        "drop the table",
        "updated and set back",
        "update then set",
        "insert a value",
        "load_file(",
        "uni/**/on sel/**/ect",
        "expression(1)",
        "'data:text/html",
    ],
)
def test_what_a_filter_might_alter_is_seen(text: str) -> None:
    assert changes_in_batch(text)


@pytest.mark.parametrize(
    "text",
    [
        "Terminated by rest app.",
        "Остановлено администратором: дубликат заявки № 15",
        "Stopped: wrong template, please start again (ticket #1204)",
        "Cost 5 $ [net]",
        "$100 result [a]",
        "$ result[a]",
        "result[a]",
        "The description of the subscription and its behavior; see the data",
        "Übertrag 100 % → 2026 & später",
        "5 < 6 > 4",
        "1 + 1 = 2; done: yes",
        "🙂 fertig …",
        "",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert not changes_in_batch(text)


# What attacks and their disguises are made of, whole and in pieces.
_PIECES = st.sampled_from(
    [
        *("<", "script", "java", "vb", "behavior", ":", "=", "expression", "(", "-moz-binding", "'", "data:"),
        *(
            "urn:schemas",
            "\\",
            "x6a",
            "6a",
            "on",
            "click",
            "formaction",
            "segmenttime",
            "fscommand",
            "srcdoc",
        ),
        *("..", "/", "union", "select", "from", "where", "limit", "load_file", "into", "outfile", "dumpfile"),
        *("alter", "create", "drop", "database", "table", "view", "update", "set", "insert", "value", "sel"),
        *("ect", "cre", "ate", "&lt;", "&#115;", "%73", "%3C", "/*", "*/", "$result[a]", "$", "a", "B"),
        *("\u017f", "\u212a", "\u0130", "\u0131", "é", "ж", "🙂", " ", "\t", "\0", "\xa0", "\n", "\u200b"),
    ]
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(_PIECES, max_size=8).map("".join), st.randoms(use_true_random=False))
@example("java\u017fcript", None)
@example("un\u0131on select", None)
@example("segmentt\u0130me", None)
@example("-moz-b\u0131nd\u0131ng", None)
def test_the_quick_look_sees_what_the_whole_one_sees(text: str, chance: object) -> None:
    """Most texts are only looked at quickly: what that lets pass, the patterns must find nothing in."""
    if chance is not None:
        text = "".join(one.upper() if chance.random() < 0.3 else one for one in text)  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(encoding, "_is_plainly_harmless", lambda _text: False)
        whole = changes_in_batch(text)
    assert changes_in_batch(text) == whole
