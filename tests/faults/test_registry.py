"""The register of faults, and the records by which they are undone."""

import json
import subprocess
import sys

import pytest

from plumbline.core.errors import PlumblineError, UsageError
from plumbline.core.lease import LeaseHeld
from plumbline.faults import registry
from plumbline.faults.cli import main
from plumbline.faults.injuries import undo


def cut(stack):
    """Peers are cut off. And more of it."""
    yield


def test_a_fault_is_registered_with_what_it_says(own_register):
    registry.fault("peers-cut", breaks="EXE-002", injured="geth-1", green=["CLU-001"], within_s=24)(cut)
    fault = own_register.named("peers-cut")
    assert (fault.breaks, fault.green, fault.within_s, fault.static) == ("EXE-002", ("CLU-001",), 24, False)
    assert fault.summary == "Peers are cut off. And more of it."
    assert own_register.breaking("EXE-002") == (fault,)


def test_a_mutation_is_a_fault_that_needs_no_stack(own_register):
    @registry.mutation("probe-dropped", breaks="CHT-001", injured="geth-node")
    def drop(copy):
        """The probe is dropped."""

    assert own_register.named("probe-dropped").static


@pytest.mark.parametrize(
    ("details", "function", "message"),
    [
        ({"name": "a"}, cut, 'two faults are called "a"'),
        ({"name": "b", "green": ["EXE-002"]}, cut, "breaks EXE-002 and declares it green"),
        ({"name": "b"}, lambda stack: iter(()), "has no docstring"),
    ],
)
def test_what_cannot_be_registered(details, function, message):
    registry.fault("a", breaks="EXE-002", injured="geth-1")(cut)
    with pytest.raises(UsageError, match=message):
        registry.fault(breaks="EXE-002", injured="geth-1", **details)(function)


def test_unknown_names_are_refused_with_the_way_on(own_register):
    with pytest.raises(UsageError, match='there is no fault "x"; "plumbline faults list" shows'):
        own_register.named("x")
    with pytest.raises(UsageError, match="no fault is registered that breaks EXE-001"):
        own_register.breaking("EXE-001")


def test_looking_up_faults_loads_no_cluster_client():
    code = "import sys; from plumbline.faults import registry; registry.load(); print('kubernetes' in sys.modules, 'web3' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False False\n"
    )


def test_the_list_shows_each_fault_on_a_line(capsys):
    registry.fault("peers-cut", breaks="EXE-002", injured="geth-1")(cut)
    assert main(["list"]) == 0
    assert capsys.readouterr().out.split("\n")[0].startswith("EXE-002   peers-cut")
    with pytest.raises(UsageError, match="no fault is registered that breaks EXE-009"):
        main(["list", "--for", "EXE-009"])
    with pytest.raises(
        UsageError, match="one of the arguments --for --fault --all is required; see plumbline faults run --help"
    ):
        main(["run"])


# -- undoing ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(stack) -> set[str]:
    """What is broken at the moment; the cure "mend" mends it."""
    things: set[str] = set()

    @undo.cure("mend")
    def mend(of, *, thing: str) -> None:
        assert of is stack
        if thing == "beyond repair":
            raise RuntimeError("no spare part")
        things.discard(thing)

    return things


def records(stack) -> list:
    return undo.Journal(undo.folder_of(stack)).records


def test_an_injury_is_on_record_before_it_is_done_and_until_it_is_undone(stack, broken):
    with undo.undone_by(stack, "mend", thing="a"):
        assert [record["args"] for record in records(stack)] == [{"thing": "a"}]
        broken.add("a")
        with undo.undone_by(stack, "mend", thing="b"):
            broken.add("b")
            assert len(records(stack)) == 2
    assert not broken
    assert not records(stack)
    assert not (undo.folder_of(stack) / "active.json").exists()


def test_an_injury_is_undone_when_the_block_fails(stack, broken):
    def fails():
        with undo.undone_by(stack, "mend", thing="a"):
            broken.add("a")
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert not broken


def test_what_a_dead_runner_left_is_undone_last_first(stack, broken):
    broken |= {"a", "b"}
    for thing in "ab":
        undo.Journal(undo.folder_of(stack)).add("mend", {"thing": thing})
    assert undo.heal_leftovers(stack) == ["mend thing=b", "mend thing=a"]
    assert not broken
    assert undo.heal_leftovers(stack) == []


def test_a_failing_cure_stays_on_record_and_the_others_are_done(stack, broken):
    broken |= {"a", "b"}
    for thing in ("a", "beyond repair", "b"):
        undo.Journal(undo.folder_of(stack)).add("mend", {"thing": thing})
    with pytest.raises(undo.NotCured, match=r"RuntimeError: no spare part.*plumbline faults heal"):
        undo.heal_leftovers(stack)
    assert not broken
    assert [record["args"]["thing"] for record in records(stack)] == ["beyond repair"]


def test_nothing_is_healed_while_a_runner_is_at_work(stack, broken):
    undo.Journal(undo.folder_of(stack)).add("mend", {"thing": "a"})
    with undo.alone(stack, purpose="faults run"), pytest.raises(LeaseHeld, match="faults run"):
        undo.heal_leftovers(stack)


def test_records_of_a_cluster_that_is_gone_are_dropped(stack, broken):
    stack.standing = False
    undo.Journal(undo.folder_of(stack)).add("mend", {"thing": "beyond repair"})
    assert undo.heal_leftovers(stack) == []
    assert not records(stack)


def test_an_injury_without_a_cure_is_not_done(stack):
    with pytest.raises(UsageError, match='no cure is registered as "mend"'), undo.undone_by(stack, "mend", thing="a"):
        pytest.fail("the block must not run")
    assert not records(stack)


def test_records_are_plain_data(stack, broken):
    with undo.undone_by(stack, "mend", thing="a"):
        (record,) = json.loads((undo.folder_of(stack) / "active.json").read_text())
        assert record["kind"] == "mend"
        assert record["pid"] > 0
    assert issubclass(undo.NotCured, PlumblineError)
