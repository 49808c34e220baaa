"""The stand-in fills in what nobody gave, and only that."""

from __future__ import annotations

from plumbline.terraform.schema import Attribute, Block, Nested, Nesting
from plumbline.terraform.stand_in import filled, placeholder

BLOCK = Block(
    {
        "name": Attribute("string", required=True),
        "size": Attribute("number"),
        "id": Attribute("string", settable=False),
    },
    {"disk": Nested(Block({"type": Attribute("string")}), Nesting.LIST)},
)


def test_what_is_given_stays() -> None:
    given = {"name": "geth", "size": 3, "id": "a", "disk": [{"type": "pd-ssd"}]}

    assert filled(given, BLOCK, placeholder) == given


def test_what_is_not_given_is_filled_in_blocks_too() -> None:
    given = {"name": "geth", "size": None, "id": None, "disk": [{"type": None}, {"type": "pd-ssd"}]}

    assert filled(given, BLOCK, lambda _attribute: "?") == {
        "name": "geth",
        "size": "?",
        "id": "?",
        "disk": [{"type": "?"}, {"type": "pd-ssd"}],
    }


def test_what_is_not_there_stays_away() -> None:
    assert filled(None, BLOCK, placeholder) is None


def test_placeholders_have_the_type() -> None:
    types = ("string", "number", "bool", ("list", "string"), ("map", "string"))

    assert [placeholder(Attribute(each)) for each in types] == ["known-after-apply", 0, False, [], {}]
