"""Tokens for the Engine API: right ones, and ones that are wrong in one respect each."""

from __future__ import annotations

import base64
import json

from plumbline_beacon.engine import bearer_token

from plumbline.components.chain import engine_api
from plumbline.components.chain.answers import Answer, Answers
from plumbline.components.chain.engine_api import Reply

KEY, NOW = bytes(range(32)), 1_700_000_000.0


def claims(token: str) -> dict[str, int]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))  # type: ignore[no-any-return]


def signed_alike(one: str, other: str) -> bool:
    return one.split(".")[2] == other.split(".")[2]


def test_a_good_token_has_the_claims_of_the_beacon_nodes_own() -> None:
    assert claims(engine_api.token(KEY, NOW)) == claims(bearer_token(KEY, int(NOW))) == {"iat": int(NOW)}
    assert {abs(claims(one)["iat"] - NOW) for one in engine_api.good(KEY, NOW).values()} == {0, 45}


def test_each_bad_token_is_wrong_in_one_respect() -> None:
    bad, fresh = engine_api.bad(KEY, NOW), engine_api.token(KEY, NOW)

    assert bad["no token"] == ""
    assert bad["no signature (alg none)"].endswith(".")
    assert "iat" not in claims(bad["no time of issue"])
    assert {claims(bad[f"one issued 75 s {when}"])["iat"] - NOW for when in ("ago", "ahead")} == {-75, 75}
    for kind in ("a forged signature", "a key of zeros", "another key"):
        assert claims(bad[kind]) == claims(fresh)
        assert not signed_alike(bad[kind], fresh), kind


def test_a_failure_names_the_node_and_tells_what_it_said() -> None:
    accepted = {"a key of zeros": Reply(200, '{"result":[]}'), "no token": Reply(401, "missing token\n")}
    wrong = Answers({"geth-1": Answer(accepted), "geth-2": Answer[dict[str, Reply]](None, "no answer within 20 s")})

    assert engine_api.told(wrong, "401").splitlines() == [
        "geth-1, geth-2: expected 401",
        'geth-1: a key of zeros: 200 {"result":[]}; no token: 401 missing token',
        "geth-2: no answer within 20 s",
    ]


def test_only_a_result_is_being_let_in() -> None:
    assert Reply(200, '{"jsonrpc":"2.0","id":1,"result":[]}').let_in
    assert not Reply(200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601}}').let_in
    assert not Reply(401, "signature is invalid").let_in
