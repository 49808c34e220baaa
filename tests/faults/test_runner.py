"""The runner: what counts as caught, and every way of missing."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plumbline.core.config import Config
from plumbline.core.errors import ForeignCluster, PlumblineError, UsageError
from plumbline.faults import registry
from plumbline.faults.cli import table
from plumbline.faults.judge import Enough, JudgeFailed, Judgement, TestResult
from plumbline.faults.runner import LiveRunner, StaticRunner, copy_to, import_path, permit
from plumbline.faults.verdict import Outcome

ROOT = Path(__file__).parents[2]


class FakeJudge:
    """Answers in the order in which it was told to, and keeps what it was asked."""

    def __init__(self, stack, *answers) -> None:
        self.stack, self.answers, self.asked = stack, list(answers), []
        self.enough = {}

    def __call__(self, controls, *, label, tests=(), enough=None):
        self.asked.append((label, tuple(controls), *tests))
        self.stack.log.append(f"judge {label}")
        self.enough[label] = enough
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def passed(control: str = "EXE-002") -> TestResult:
    return TestResult(f"test_{control}", (control,), "passed")


def red(
    message: str = "geth-1 has 0 of 2 peers", control: str = "EXE-002", phase: str = "call", kind: str = "assertion"
) -> TestResult:
    return TestResult(f"test_{control}", (control,), "failed" if phase == "call" else "error", phase, kind, message)


GREEN = Judgement((passed(), passed("CLU-001")))
RED = Judgement((red(), passed("CLU-001")))


@pytest.fixture
def fault(own_register, stack):
    @registry.fault("peers-cut", breaks="EXE-002", injured="geth-1", green=("CLU-001",), within_s=0)
    def cut(broken):
        """Peers are cut."""
        broken.log.append("injected")
        yield
        broken.log.append("healed")

    return own_register.named("peers-cut")


def run(stack, fault, *answers, **options):
    judge = FakeJudge(stack, *answers)
    verdict = LiveRunner(stack, judge, **options).run(fault)
    assert not judge.answers, "not everything was asked"
    return verdict, judge


def test_caught(stack, fault):
    verdict, judge = run(stack, fault, GREEN, RED, GREEN)
    assert verdict.caught
    assert verdict.why == "geth-1 has 0 of 2 peers"
    assert verdict.detect_s is not None
    assert verdict.heal_s is not None
    assert stack.log == [
        "judge peers-cut-before",
        "injected",
        "judge peers-cut-under",
        "healed",
        "steady",
        "judge peers-cut-after",
    ]
    both = ("EXE-002", "CLU-001")
    assert judge.asked == [
        ("peers-cut-before", both),
        ("peers-cut-under", both),
        ("peers-cut-after", ("EXE-002",), "test_EXE-002"),
    ]


MISSES = {
    "green under the fault": (GREEN, Outcome.GREEN_UNDER_FAULT, "EXE-002 did not notice: test_EXE-002 passed"),
    "no test": (Judgement((passed("CLU-001"),)), Outcome.GREEN_UNDER_FAULT, "it has no test"),
    "skipped": (
        Judgement((dataclasses.replace(passed(), outcome="skipped"), passed("CLU-001"))),
        Outcome.GREEN_UNDER_FAULT,
        "test_EXE-002 skipped",
    ),
    "broken set-up": (
        Judgement((red("KeyError: geth-1", phase="setup", kind="error"), passed("CLU-001"))),
        Outcome.WRONG_REASON,
        "test_EXE-002: error in setup, not its assertion: KeyError: geth-1",
    ),
    "an assertion of the set-up": (
        Judgement((red(phase="setup"), passed("CLU-001"))),
        Outcome.WRONG_REASON,
        "assertion in setup, not its assertion",
    ),
    "a wait that ran out": (
        Judgement((red("Timeout: geth-1", kind="timeout"), passed("CLU-001"))),
        Outcome.WRONG_REASON,
        "timeout in call, not its assertion",
    ),
    "not named": (
        Judgement((red("too few peers"), passed("CLU-001"))),
        Outcome.NOT_NAMED,
        "test_EXE-002 does not name geth-1: too few peers",
    ),
    "a bystander": (
        Judgement((red(), red("geth-1 NotReady", control="CLU-001"))),
        Outcome.BYSTANDER_RED,
        "CLU-001 should have stayed green: geth-1 NotReady",
    ),
}


@pytest.mark.parametrize("miss", MISSES)
def test_missed(stack, fault, miss):
    judgement, outcome, why = MISSES[miss]
    verdict, _ = run(stack, fault, GREEN, judgement)
    assert (verdict.outcome, verdict.caught) == (outcome, False)
    assert why in verdict.why
    assert stack.log[-2:] == ["healed", "steady"]  # a miss is healed as well


def test_what_is_red_before_proves_nothing(stack, fault):
    verdict, _ = run(stack, fault, RED)
    assert verdict.outcome is Outcome.RED_BEFORE
    assert "injected" not in stack.log
    bystander = Judgement((passed(), red(control="CLU-001")))
    assert run(stack, fault, bystander)[0].outcome is Outcome.RED_BEFORE


def test_what_was_proved_green_is_not_tried_again_before_the_next_fault(stack, fault):
    judge = FakeJudge(stack, GREEN, RED, GREEN, RED, GREEN, GREEN)
    runner = LiveRunner(stack, judge)

    assert [runner.run(fault).caught for _ in range(3)] == [True, True, False]

    labels = [label.removeprefix("peers-cut-") for label, *_ in judge.asked]
    assert labels == ["before", "under", "after", "under", "after", "under"]
    assert not runner.known, "after a miss nothing is known any more"


def test_only_under_the_fault_a_control_is_judged_until_it_has_said_enough(stack, fault):
    judge = FakeJudge(stack, GREEN, RED, GREEN)

    LiveRunner(stack, judge).run(fault)

    assert judge.enough == {
        "peers-cut-before": None,
        "peers-cut-under": Enough("EXE-002", ("geth-1",)),
        "peers-cut-after": None,
    }


def test_the_check_before_can_be_left_out(stack, fault):
    verdict, _ = run(stack, fault, RED, GREEN, check_before=False)
    assert verdict.caught


def test_a_control_has_its_time_to_notice(stack, fault):
    patient = dataclasses.replace(fault, within_s=5)
    verdict, judge = run(stack, patient, GREEN, GREEN, RED, GREEN)
    assert verdict.caught
    assert [label for label, *_ in judge.asked].count("peers-cut-under") == 2


def test_red_after_the_heal_is_a_miss(stack, fault):
    assert run(stack, fault, GREEN, RED, RED)[0].outcome is Outcome.RED_AFTER


def test_a_stack_that_does_not_recover_is_a_miss(stack, fault):
    stack.recovers = False
    verdict, _ = run(stack, fault, GREEN, RED)
    assert verdict.outcome is Outcome.NOT_HEALED
    assert "geth-1 is gone" in verdict.why


def test_a_judge_that_fails_heals_and_is_a_miss(stack, fault):
    verdict, _ = run(stack, fault, GREEN, JudgeFailed(["EXE-002"], "ImportError"))
    assert verdict.outcome is Outcome.NOT_JUDGED
    assert stack.log[-1] == "healed"


def test_an_interruption_heals(stack, fault):
    with pytest.raises(KeyboardInterrupt):
        LiveRunner(stack, FakeJudge(stack, GREEN, KeyboardInterrupt())).run(fault)
    assert stack.log[-1] == "healed"


@pytest.mark.parametrize(
    ("when", "answers", "outcome"),
    [("inject", [GREEN], Outcome.NOT_INJECTED), ("heal", [GREEN, RED], Outcome.NOT_HEALED)],
)
def test_a_fault_whose_own_action_fails(stack, own_register, when, answers, outcome):
    @registry.fault("clumsy", breaks="EXE-002", injured="geth-1", green=("CLU-001",), within_s=0)
    def clumsy(_):
        """Stumbles."""
        if when == "inject":
            raise PlumblineError("no such pod")
        yield
        raise PlumblineError("no such pod")

    verdict, _ = run(stack, own_register.named("clumsy"), *answers)
    assert (verdict.outcome, verdict.why) == (outcome, "PlumblineError: no such pod")


def test_only_our_own_cluster_is_broken(stack):
    permit(stack)
    stack.cluster.owned = lambda: False
    with pytest.raises(ForeignCluster, match="label of ownership"):
        permit(stack)
    stack.standing = False
    with pytest.raises(UsageError, match="no stack to break"):
        permit(stack)
    stack.site.config = Config(target="existing")
    with pytest.raises(UsageError, match="it is only read"):
        permit(stack)


def test_the_table(stack, fault):
    caught, _ = run(stack, fault, GREEN, RED, GREEN)
    missed, _ = run(stack, fault, GREEN, GREEN)
    lines = list(table([caught, missed]))
    assert "EXE-002   peers-cut " in lines[1]
    assert "caught" in lines[1]
    assert "green under the fault" in lines[2]
    assert lines[-1] == "1 of 2 faults caught; what was hurt was named in 100% of those that were noticed"


def test_a_check_that_is_named_for_the_fault_must_notice_it(stack, fault):
    checked = dataclasses.replace(fault, check="peer-count")
    by_another = Judgement((red("head-age: geth-1 is behind"), passed("CLU-001")))
    by_its_own = Judgement((red("peer-count: geth-1 has none"), passed("CLU-001")))

    missed, _ = run(stack, checked, GREEN, by_another)
    assert missed.outcome is Outcome.NOT_NAMED
    assert "does not name peer-count" in missed.why
    assert run(stack, checked, GREEN, by_its_own, GREEN)[0].caught


def test_a_mutation_alters_a_copy_only(stack, own_register, tmp_path):
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "values.yaml").write_text("probe: yes\n")
    (tmp_path / ".plumbline" / "bin").mkdir(parents=True)
    (tmp_path / ".plumbline" / "bin" / "helm").touch()

    @registry.mutation("probe-dropped", breaks="EXE-002", injured="values.yaml")
    def drop(copy):
        """The probe is dropped."""
        assert (copy / ".plumbline" / "bin" / "helm").exists()
        (copy / "charts" / "values.yaml").write_text("probe: no\n")

    def judge_of(copy):
        def judge(controls, *, label):
            dropped = "no" in (copy / "charts" / "values.yaml").read_text()
            return Judgement((red("values.yaml has no probe") if dropped else passed(),))

        return judge

    assert StaticRunner(tmp_path, judge_of).run(own_register.named("probe-dropped")).caught
    assert (tmp_path / "charts" / "values.yaml").read_text() == "probe: yes\n"


def test_a_copys_processes_import_its_own_packages(tmp_path):
    copy_to(ROOT, tmp_path)
    asked = "import fixtures, plumbline, plumbline_beacon, plumbline_csi, reports as r; print(plumbline_beacon.__file__, r.__file__)"

    env = {**os.environ, "PYTHONPATH": import_path(tmp_path)}
    said = subprocess.run([sys.executable, "-c", asked], env=env, cwd="/", capture_output=True, text=True, check=True)

    assert all(Path(file).is_relative_to(tmp_path.resolve()) for file in said.stdout.split()), said.stdout
