"""Two runs beside each other."""

from plumbline.evidence.comparison import differences


def run(verdict="proved", reason="", seconds=1.0, value=40.0, digest="sha256:a", network="devnet") -> dict:
    control = {"id": "EXE-001", "verdict": verdict, "reason": reason, "seconds": seconds, "tests": ["t"]}
    return {
        "controls": [control],
        "environment": {"network": network, "command": f"pytest {value}"},
        "images": {"geth:1": digest},
        "figures": [{"name": "bring-up", "value": value, "unit": "s"}],
    }


def test_equal_runs():
    assert not list(differences(run(), run()))


def test_what_differs_is_told_by_control_image_and_value():
    after = run("failed", "geth-1 lags\nmore", 9.0, 60.0, "sha256:b", "sepolia")
    assert list(differences(run(), after)) == [
        "EXE-001: proved -> failed (geth-1 lags)",
        "network: devnet -> sepolia",
        "geth:1: sha256:a -> sha256:b",
        "bring-up: 40 s -> 60 s",
        "EXE-001 took: 1 s -> 9 s",
    ]


def test_small_differences_come_by_themselves():
    assert not list(differences(run(seconds=0.1, value=40.0), run(seconds=2.0, value=45.0)))


def test_what_only_one_of_them_has():
    later = run()
    later["images"] = {}
    later["controls"] = []
    assert list(differences(run(), later)) == ["EXE-001: proved -> –", "geth:1: sha256:a -> –"]
