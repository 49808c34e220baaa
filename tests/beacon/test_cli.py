"""Wrong usage gets one clear line and status 2; unfit surroundings get one and status 3."""

import socket
from pathlib import Path

import pytest
from beacontest import TOKEN, free_port
from plumbline_beacon.__main__ import main
from plumbline_beacon.options import parse
from stub_engine import JWT_SECRET

URL = "http://127.0.0.1:8551"


@pytest.fixture
def jwt(tmp_path: Path) -> Path:
    file = tmp_path / "jwt.hex"
    file.write_text(JWT_SECRET.hex())
    return file


@pytest.fixture
def good(tmp_path: Path, jwt: Path) -> list[str]:
    return ["run", f"--data={tmp_path}", f"--engine={URL},{jwt}"]


def test_defaults(good: list[str]) -> None:
    options = parse(good)

    assert (options.port, options.metrics_port, options.backfill_slots, options.backfill_blocks) == (
        3500,
        8008,
        128,
        68,
    )
    assert options.engines[0].secret == JWT_SECRET
    assert options.control_port is None
    assert not options.manual_clock


def test_followers_and_control(good: list[str], jwt: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    options = parse(
        [*good, f"--engine=http://geth-2:8551,{jwt},follower", "--control-port=3999", f"--control-token-file={token}"]
    )

    assert [engine.follower for engine in options.engines] == [False, True]
    assert options.control_token == TOKEN


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--engine=http://x:1"], "is not URL,JWTFILE"),
        (["--engine=http://x:1,{jwt},leader"], "is not URL,JWTFILE"),
        (["--engine=https://x:1,{jwt}"], "with an http:// URL"),
        (["--engine=http://x:1,/nowhere"], "JWT secret file /nowhere cannot be used: No such file"),
        (["--engine=http://x:1,{short}"], "it has 2 bytes; it must hold 32 bytes in hex"),
        (["--engine=http://x:1,{text}"], "it is not hexadecimal"),
        ([f"--engine={URL},{{jwt}}"], "an --engine is given twice"),
        (["--port=no"], "'no' is not a whole number"),
        (["--port=70000"], "70000 is no port"),
        (["--backfill-slots=-1"], "'-1' is not a whole number"),
        (["--control-port=3999"], "--control-port and --control-token-file belong together"),
        (["--control-port=3999", "--control-token-file={short}"], "its token has 4 characters"),
        (["--clock=manual"], "--clock manual needs --anchor-epochs-behind"),
        (["--anchor-epochs-behind=2"], "lead past the present"),
        (["--anchor-epochs-behind=200000"], "before epoch 275713"),
        (["--clock=sundial"], "invalid choice: 'sundial'"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_wrong_usage(
    good: list[str], jwt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], message: str
) -> None:
    short, text = tmp_path / "short", tmp_path / "text"
    short.write_text("abcd")
    text.write_text("correct horse battery staple")
    arguments = [argument.format(jwt=jwt, short=short, text=text) for argument in extra]

    with pytest.raises(SystemExit) as end:
        main([*good, *arguments])

    lines = capsys.readouterr().err.strip().splitlines()
    assert end.value.code == 2
    assert len(lines) == 1, lines
    assert message in lines[0]


@pytest.mark.parametrize("arguments", [[], ["run"], ["walk"]])
def test_incomplete_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_only_followers_are_no_chain(tmp_path: Path, jwt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", f"--data={tmp_path}", f"--engine={URL},{jwt},follower"])
    assert "at least one must be able to produce" in capsys.readouterr().err


def test_a_port_in_use_is_unfit_surroundings(good: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main([*good, f"--port={port}", f"--metrics-port={free_port()}"]) == 3
    assert f"cannot listen on 127.0.0.1:{port} for the beacon-api" in capsys.readouterr().err.splitlines()[-1]


def test_a_data_folder_that_is_a_file_is_unfit_surroundings(
    jwt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["run", f"--data={tmp_path / 'file'}", f"--engine={URL},{jwt}"]) == 3
    assert "cannot be written" in capsys.readouterr().err.splitlines()[-1]
