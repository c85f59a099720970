"""What is kept of parameters: no secrets, and no more than is good to read."""

from __future__ import annotations

import json

import pytest

from bxapp.bitrix.client import Command
from bxapp.journal import parameters

SECRET = "s3cr3t" * 6


def test_values_of_secret_names_are_hidden_at_any_depth_and_in_any_case() -> None:
    kept = parameters.of_call(
        {
            "auth": SECRET,
            "REFRESH_ID": SECRET,
            "data": {"access_token": SECRET, "list": [{"Application_Token": [SECRET]}]},
            "handler": f"https://acme.example/rest/1/{SECRET}/",
            "text": f"see https://apps.example/?auth={SECRET}&x=1",
        }
    )
    assert SECRET not in json.dumps(kept)
    assert kept["data"] == {
        "access_token": "[hidden]",
        "list": [{"Application_Token": "[hidden]"}],
    }


def test_secrets_in_the_commands_of_a_batch_are_hidden_too() -> None:
    commands = [Command("event.bind", {"auth": SECRET + str(number), "n": number}) for number in range(3)]
    kept = parameters.of_batch(commands)
    assert SECRET not in json.dumps(kept)


def test_commands_of_one_method_are_one_group_in_their_order() -> None:
    kept = parameters.of_batch(
        [
            Command("a.list", {"filter": {"ID": 1}, "start": 0}),
            Command("b.get"),
            Command("a.list", {"filter": {"ID": 1}, "start": 50}),
            Command("a.list", {"filter": {"ID": 1}}),
        ]
    )
    assert kept["commands"] == [
        {
            "method": "a.list",
            "count": 3,
            "params": {"filter": {"ID": 1}},
            "each": {"start": [0, 50, None]},
        },
        {"method": "b.get", "count": 1, "params": {}},
    ]


def test_fifty_terminations_take_little_room() -> None:
    message = "Stopped, because the template was replaced by another. " * 4
    commands = [
        Command("bizproc.workflow.terminate", {"ID": f"65e5a449e8f135.{number:08d}", "STATUS": message})
        for number in range(50)
    ]
    assert len(json.dumps(parameters.of_batch(commands))) < 2500


@pytest.mark.parametrize("letter", ["ж", "語", "\N{PILE OF POO}", '"'])
def test_the_ids_of_fifty_terminations_are_kept_whatever_their_messages(letter: str) -> None:
    ids = [f"65e5a449e8f135.{number:08d}" for number in range(50)]
    kept = parameters.of_batch(
        Command("bizproc.workflow.terminate", {"ID": one, "STATUS": letter * 240 + one[-8:]}) for one in ids
    )

    (group,) = kept["commands"]
    assert group["each"]["ID"] == ids
    assert all(text.startswith(letter * 50) for text in group["each"]["STATUS"])
    assert len(json.dumps(kept, ensure_ascii=False)) <= parameters.LARGEST_CHARACTERS


def test_also_the_longest_ids_are_kept() -> None:
    ids = [f"{number:08d}".rjust(128, '"') for number in range(50)]
    kept = parameters.of_batch(
        Command("bizproc.workflow.terminate", {"ID": one, "STATUS": '"' * 240 + one[-8:]}) for one in ids
    )

    assert kept["commands"][0]["each"]["ID"] == ids


def test_texts_are_cut_before_anything_is_left_out() -> None:
    kept = parameters.of_call({"ID": "i" * 300} | {f"field{number}": "x" * 300 for number in range(100)})

    assert kept["ID"] == "i" * 300
    assert kept["field99"] == "x" * 99 + "…"


def test_more_than_fits_is_cut_and_says_so() -> None:
    ids = [f"65e5a449e8f135.{number:08d}" for number in range(2500)]
    many = parameters.of_batch(
        Command("bizproc.workflow.instances", {"filter": {"ID": ids[start : start + 50]}})
        for start in range(0, 2500, 50)
    )
    (group,) = many["commands"]
    assert group["count"] == 50
    assert group["first"]["filter"]["ID"][0] == ids[0]
    assert len(json.dumps(many)) < parameters.LARGEST_CHARACTERS
    assert parameters.of_call({"ids": ids})["ids"][-1] == "… and 2400 more"
    assert parameters.of_call({"text": "x" * 5000})["text"].endswith("…")
    huge = {f"field{number}": "x" * 300 for number in range(1000)}
    assert set(parameters.of_call(huge)) == {"left_out_characters"}
