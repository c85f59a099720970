"""Whatever comes back is read into an answer or an exception."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bxapp.bitrix import errors
from bxapp.bitrix.answers import (
    Answer,
    Reply,
    decimal,
    iso_moment,
    moment,
    number,
    read_answer,
    read_batch,
    read_timing,
    rows,
)


def reply(content: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(content).encode())


def test_a_list_is_read_with_its_counts_and_time() -> None:
    answer = read_answer(
        reply(
            {
                "result": [{"ID": "1"}],
                "total": "120",
                "next": 50,
                "time": {"start": 1.5, "finish": "2.25", "operating": 0.5, "operating_reset_at": 1767225600},
            }
        )
    )

    assert answer.result == [{"ID": "1"}]
    assert (answer.total, answer.next) == (120, 50)
    assert answer.time is not None
    assert (answer.time.start, answer.time.finish, answer.time.operating) == (1.5, 2.25, 0.5)
    assert answer.time.operating_reset_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("result", [True, False, None, 0, "", [], {}])
def test_any_result_is_a_result(result: object) -> None:
    assert read_answer(reply({"result": result})).result == result


@pytest.mark.parametrize("nothing", [None, False, []])
def test_an_empty_error_key_beside_a_result_is_no_error(nothing: object) -> None:
    assert read_answer(reply({"result": 1, "error": nothing})).result == 1


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(errors.RightsLost):
        read_answer(reply({"error": "ACCESS_DENIED", "error_description": "Access denied!"}))


def test_an_empty_code_is_the_methods_own_error() -> None:
    sentence = "Бизнес-процесс не найден."
    with pytest.raises(errors.MethodFailed) as caught:
        read_answer(reply({"error": "", "error_description": sentence}, 400))
    assert (caught.value.code, caught.value.words) == ("", sentence)


@pytest.mark.parametrize(
    "content",
    [
        {"error": {"error": "expired_token", "error_description": "over"}},
        {"error": {"code": "expired_token", "message": "over"}},
        {"error": "expired_token", "error_message": "over"},
        {"error": "expired_token", "message": "over", "error_description": None},
    ],
)
def test_other_shapes_of_an_error_are_read_too(content: object) -> None:
    with pytest.raises(errors.RefreshNeeded) as caught:
        read_answer(reply(content, 401))
    assert (caught.value.code, caught.value.words) == ("expired_token", "over")


@pytest.mark.parametrize("content", [{"error": "X"}, {"error": "X", "error_description": ["a"]}])
def test_a_missing_description_is_an_empty_one(content: object) -> None:
    with pytest.raises(errors.MethodFailed) as caught:
        read_answer(reply(content, 400))
    assert caught.value.words == ""


@pytest.mark.parametrize("status", [200, 403, 500, 502])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"<html><body>502 Bad Gateway</body></html>",
        b'{"result": [{"ID": "65e5',
        b"[]",
        b"true",
        b'"result"',
        b"{}",
        b'{"time": {}}',
        b'<br /><b>Warning</b>: x in <b>y.php</b>{"result": true}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"result": ' + b"9" * 5000 + b"}",
        b'{"result": NaN}',
        b'{"result": [{"ID": -Infinity}]}',
        b'{"result": true, "time": {"start": Infinity}}',
        b'{"result": 1e999}',
    ],
    ids=[
        "empty", "blank", "html", "truncated", "list", "bool", "text", "no keys", "no result", "warning",
        "bytes", "deep", "huge number", "nan", "infinity", "infinite time", "beyond any float",
    ],
)  # fmt: skip
def test_what_cannot_be_read_leaves_the_work_unknown(body: bytes, status: int) -> None:
    with pytest.raises(errors.Unheard) as caught:
        read_answer(Reply(status, body))
    assert caught.value.server_failed is (status >= 500)


def test_a_result_with_an_error_status_is_not_believed() -> None:
    with pytest.raises(errors.Unheard):
        read_answer(reply({"result": True}, 500))


def test_a_byte_order_mark_and_broken_utf8_do_not_matter() -> None:
    body = b"\xef\xbb\xbf" + b'{"result": "caf\xe9"}'
    assert read_answer(Reply(200, body)).result == "caf\ufffd"


def test_secrets_are_kept_out_of_words() -> None:
    with pytest.raises(errors.MethodFailed) as caught:
        read_answer(
            reply({"error": "X", "error_description": "token abcdef123456 is odd\nauth=0123456789"}),
            secrets=("abcdef123456",),
        )
    assert caught.value.words == "token [hidden] is odd auth=[hidden]"


# --- Batches ----------------------------------------------------------------------------------------------

METHODS = {"one": "bizproc.workflow.terminate", "two": "bizproc.workflow.terminate"}


def batch(**parts: object) -> Reply:
    whole = {
        "result": [], "result_error": [], "result_total": [], "result_next": [], "result_time": [], **parts
    }  # fmt: skip
    return reply({"result": whole, "time": {"finish": 10.0}})


def test_each_command_of_a_batch_has_its_own_answer() -> None:
    read = read_batch(
        batch(
            result={"one": [{"ID": "1"}], "two": True},
            result_total={"one": "7"},
            result_next={"one": 50},
            result_time={"two": {"operating": 1.25}},
        ),
        METHODS,
    )

    one, two = read.answers["one"], read.answers["two"]
    assert isinstance(one, Answer)
    assert isinstance(two, Answer)
    assert (one.result, one.total, one.next, one.time) == ([{"ID": "1"}], 7, 50, None)
    assert two.result is True
    assert two.time is not None
    assert two.time.operating == 1.25
    assert read.time is not None
    assert read.time.finish == 10.0


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [
        ({"error": "", "error_description": "Not found."}, "", "Not found."),
        ({"error": "X"}, "X", ""),
        ("X", "X", ""),
        (None, "", ""),
        ([], "", ""),
        (5, "", ""),
    ],
)
def test_an_error_of_a_command_is_told_not_raised(entry: object, code: str, words: str) -> None:
    read = read_batch(batch(result={"one": True}, result_error={"two": entry}), METHODS)

    error = read.answers["two"]
    assert isinstance(read.answers["one"], Answer)
    assert type(error) is errors.MethodFailed
    assert (error.code, error.words) == (code, words)


def test_lists_are_read_by_position() -> None:
    read = read_batch(batch(result=[1, 2]), {"0": "a", "1": "b"})
    assert [answer.result for answer in read.answers.values() if isinstance(answer, Answer)] == [1, 2]


def test_null_is_an_answer() -> None:
    read = read_batch(batch(result={"one": None, "two": 1}), METHODS)
    assert isinstance(read.answers["one"], Answer)


def test_a_command_that_the_answer_leaves_out_is_unheard() -> None:
    assert isinstance(read_batch(batch(result={"one": True}), METHODS).answers["two"], errors.Unheard)


def test_an_error_says_nothing_of_the_commands_after_it() -> None:
    refused = {"one": {"error": "ACCESS_DENIED", "error_description": "Access denied!"}}
    answers = read_batch(batch(result_error=refused), METHODS).answers

    assert isinstance(answers["one"], errors.RightsLost)
    assert isinstance(answers["two"], errors.Unheard)


def test_a_refused_command_learns_the_reset_time_from_its_neighbour() -> None:
    answers = read_batch(
        batch(
            result={"one": True},
            result_time={"one": {"operating": 480.2, "operating_reset_at": 1767225600}},
            result_error={"two": {"error": "OPERATION_TIME_LIMIT", "error_description": "blocked"}},
        ),
        METHODS,
    ).answers

    limited = answers["two"]
    assert isinstance(limited, errors.OperatingLimited)
    assert limited.reset_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_another_methods_reset_time_says_nothing() -> None:
    answers = read_batch(
        batch(
            result={"one": True},
            result_time={"one": {"operating_reset_at": 1767225600}},
            result_error={"two": {"error": "OPERATION_TIME_LIMIT"}},
        ),
        {"one": "user.get", "two": "bizproc.workflow.terminate"},
    ).answers

    limited = answers["two"]
    assert isinstance(limited, errors.OperatingLimited)
    assert limited.reset_at is None


@pytest.mark.parametrize("result", [None, [], {}, True, "text", [1, 2]])
def test_a_batch_without_results_leaves_the_work_unknown(result: object) -> None:
    with pytest.raises(errors.Unheard):
        read_batch(reply({"result": result}), METHODS)


def test_a_refused_batch_raises() -> None:
    with pytest.raises(errors.RefreshNeeded):
        read_batch(reply({"error": "expired_token"}, 401), METHODS)


# --- Values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (5, 5), ("5", 5), (" 5 ", 5), (5.0, 5), ("-1", -1), (5.5, None), ("", None), ("five", None),
        (None, None), (True, None), ([5], None), ("9" * 30, None),
        ("1_0", None), ("٣", None), ("+7", 7),
        (2**63 - 1, 2**63 - 1), (2**63, None), ("9" * 19, None), (1e300, None), (float("inf"), None),
    ],
)  # fmt: skip
def test_numbers_may_come_as_texts(value: object, read: int | None) -> None:
    assert number(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [(1, 1.0), ("1.5", 1.5), ("x", None), (None, None), (True, None), ("nan", None), ("inf", None)],
)
def test_seconds_may_come_as_texts(value: object, read: float | None) -> None:
    assert decimal(value) == read


@pytest.mark.parametrize("value", [None, [], "soon", 5])
def test_a_missing_time_is_none(value: object) -> None:
    assert read_timing(value) is None


@pytest.mark.parametrize("value", [0, -5, "x", None, 1e300])
def test_no_moment(value: object) -> None:
    assert moment(value) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-04T12:00:00+03:00", datetime(2026, 3, 4, 9, tzinfo=UTC)),
        ("2026-03-04T09:00:00Z", datetime(2026, 3, 4, 9, tzinfo=UTC)),
        ("2026-03-04T09:00:00", datetime(2026, 3, 4, 9, tzinfo=UTC)),
        ("04.03.2026 12:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
        (None, None),
        (False, None),
        (1767225600, None),
    ],
)
def test_dates_become_utc(text: object, read: datetime | None) -> None:
    found = iso_moment(text)
    assert found == read
    if found is not None:
        assert found.utcoffset() == timedelta(0)
        assert found.tzinfo is not timezone(timedelta(hours=3))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ([{"ID": 1}, None, "x", {"ID": 2}], [{"ID": 1}, {"ID": 2}]),
        ({"0": {"ID": 1}, "5": {"ID": 2}}, [{"ID": 1}, {"ID": 2}]),
        ([], []),
        (None, []),
        ("x", []),
    ],
)
def test_rows_of_a_list_or_an_object(value: object, read: list[dict[str, int]]) -> None:
    assert rows(value) == read
