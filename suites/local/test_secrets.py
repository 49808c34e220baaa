"""SEC: secrets are sealed for one cluster, one namespace and one name, survive the loss of their keys, and stand nowhere in clear."""

from __future__ import annotations

import json
import secrets
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from fixtures import bundle, written
from fixtures.custody import custody
from plumbline.components.devnet import NAMESPACE as ETHEREUM
from plumbline.components.devnet import SECRETS
from plumbline.components.operation import inventory
from plumbline.components.sealed_secrets import NAMESPACE
from plumbline.components.secrets import sealing
from plumbline.components.secrets.leaks import Search
from plumbline.components.secrets.sealing import BECAUSE, Scope, SealingKey
from plumbline.core.patience import settle
from plumbline.kube import api as k8s
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.run import RunInfo
    from plumbline.components.sealed_secrets import SealedSecrets
    from plumbline.components.secrets.sealed_probes import SealedProbes
    from plumbline.stack import Stack

SOON_S = 20.0


@pytest.mark.control("SEC-001")
def test_a_sealed_secret_becomes_its_secret(probes: SealedProbes) -> None:
    """Preconditions: a standing stack.
    Steps: seal a Secret with the cluster's certificate; hand over the SealedSecret.
    Expected: soon the Secret is there, with the value that was sealed.
    """
    value = probes.seal("becomes-its-secret")

    seen = settle(probes.unsealed("becomes-its-secret"), named="unsealed", within_s=SOON_S)

    assert seen.ok, f"{seen.summary}\nexpected: unsealed within {SOON_S:.0f} s"
    assert probes.value("becomes-its-secret") == value
    figure("SealedSecret handed over to Secret there", seen.seconds, "s")


@pytest.mark.control("SEC-001")
def test_workloads_use_what_was_unsealed(stack: Stack) -> None:
    """Preconditions: a standing devnet.
    Steps: look at each of its Secrets, at the pods that mount it, and open the beacon node's control port with its token.
    Expected: each Secret was unsealed from the SealedSecret of its name, ready pods mount it, and the token opens the port.
    """
    kube = stack.site.kube
    pods = kube.objects("Pod", ETHEREUM)

    for name in SECRETS:
        owners = [owner["kind"] for owner in kube.get("Secret", name, ETHEREUM)["metadata"].get("ownerReferences", [])]
        mounts = [pod for pod in pods if f'"secretName": "{name}"' in json.dumps(pod["spec"].get("volumes", []))]
        assert owners == ["SealedSecret"], f"{ETHEREUM}/{name} is owned by {owners or 'nobody'}, not by a SealedSecret"
        assert mounts, f"no pod mounts {ETHEREUM}/{name}"
        assert all(map(k8s.pod_ready, mounts)), f"not every pod that mounts {ETHEREUM}/{name} is ready"
    with stack.consensus.control() as control:
        assert control.active() == [], "the beacon node's control port does not answer to the unsealed token"


@pytest.mark.control("SEC-001")
@pytest.mark.undisturbed
def test_no_secret_is_written_down(stack: Stack, run: RunInfo, tmp_path: Path) -> None:
    """Preconditions: a standing stack, with every secret that was made for it.
    Steps: collect what a failure would leave; search it, the repository, every release as rendered, every other object, the
    logs of all pods, and the events and reports of all runs: for each value as it is, in base64 (so in any Authorization
    header), and for tokens that were signed with it.
    Expected: none is found.
    """
    bundle.collect(bundle.source_of(stack), tmp_path / "bundle")
    values = inventory.secret_values(stack.site.kube) | inventory.kubeconfig_keys(stack.site.kube)

    texts = list(
        chain(
            written.in_files("bundle", tmp_path / "bundle"),
            written.in_repository(run.paths.root),
            written.in_releases(stack.site.helm),
            written.in_objects(stack.site.kube),
            written.in_logs(stack.site.kube),
            written.in_files("runs", run.paths.runs),
            written.in_files("reports", run.paths.reports),
        )
    )
    found = Search(values)(texts)

    attach(
        "searched", f"{len(values)} secrets in {len(texts)} texts, {sum(len(t.content) for t in texts) / 1e6:.1f} MB"
    )
    assert not found, "\n".join(found)


@pytest.mark.control("SEC-002")
def test_a_strict_seal_opens_under_its_own_name_only(sealed_secrets: SealedSecrets, probes: SealedProbes) -> None:
    """Preconditions: a standing stack; the controller serves two namespaces.
    Steps: hand over a strict SealedSecret; the same under another name; the same in another namespace; and one that was
    sealed with another cluster's key.
    Expected: the first becomes a Secret; of each other one the controller says that no key opens it, and there is no Secret.
    """
    sealed = sealed_secrets.seal(probes.plain("strict"))
    foreign = probes.sealed_with(SealingKey.made(), "of-another-cluster")
    renamed = {**sealed, "metadata": {**sealed["metadata"], "name": "renamed"}}
    moved = {**sealed, "metadata": {**sealed["metadata"], "namespace": ETHEREUM}}

    for each in (sealed, renamed, moved, foreign):
        probes.hand_over(each)
    first = settle(probes.unsealed("strict"), named="the first unsealed", within_s=SOON_S)

    assert first.ok, first.summary
    for each in (renamed, moved, foreign):
        where = sealing.name_of(each)
        tried = settle(probes.refused(each), named=f"{where} refused", within_s=SOON_S)
        assert tried.ok, f"{tried.summary}\nexpected: no key opens {where}"
        assert probes.value(each["metadata"]["name"], each["metadata"]["namespace"]) is None, f"{where} was unsealed"


@pytest.mark.control("SEC-002")
@pytest.mark.parametrize("scope", sealing.WIDE)
def test_a_wider_scope_needs_a_reason(sealed_secrets: SealedSecrets, probes: SealedProbes, scope: Scope) -> None:
    """Preconditions: a standing stack.
    Steps: seal for a scope that is wider than strict, without and with a reason; offer both to the API server (dry run).
    Expected: the command refuses the former, and so does the API server where somebody took the reason away; the latter is
    taken. No SealedSecret of the cluster is wider than strict without a reason.
    """
    plain = probes.plain("wide")
    with pytest.raises(sealing.ScopeUnjustified):
        sealed_secrets.seal(plain, scope)
    wide = sealed_secrets.seal(plain, scope, because="a test that makes nothing")
    reasons = {key: value for key, value in wide["metadata"]["annotations"].items() if key != BECAUSE}
    silent = {**wide, "metadata": {**wide["metadata"], "annotations": reasons}}

    taken, refused = (probes.offered(each) for each in (wide, silent))

    assert taken.ok, f"{scope}, with its reason: {taken.stderr}"
    assert not refused.ok, f"the API server takes a SealedSecret that is {scope} and does not say why"
    assert BECAUSE in refused.stderr, f"the refusal does not say what is missing: {refused.stderr}"
    rude = [sealing.name_of(each) for each in sealed_secrets.all() if not sealing.justified(each)]
    assert not rude, f"wider than strict without a reason: {', '.join(rude)}"


@pytest.mark.control("SEC-003")
@pytest.mark.destructive("sealed-secrets")
def test_a_new_key_takes_over_and_old_seals_stay_good(sealed_secrets: SealedSecrets, probes: SealedProbes) -> None:
    """Preconditions: a standing stack; a Secret sealed to the newest key.
    Steps: give the controller a new key; seal another Secret; lose the first one's Secret; ask for the report; seal
    everything anew; ask again.
    Expected: the new seal opens with the new key only; the old one is unsealed once more; the report lists exactly what is on
    old keys, and nothing once all was sealed anew, with every value as before.
    """
    value = probes.seal("before")
    before = {sealing.name_of(each) for each in sealed_secrets.all()}
    key = sealed_secrets.renew()

    took = settle(sealed_secrets.seals_with(key), named="the new key in use", within_s=SOON_S)
    assert took.ok, took.summary
    probes.seal("after")
    probes.lose("before")
    remade = settle(probes.there("before"), named="unsealed once more", within_s=SOON_S)
    old = {one.name for one in sealed_secrets.report().on_old_keys}
    anew = set(sealed_secrets.reseal())
    report = sealed_secrets.report()

    attach("report", str(report))
    assert remade.ok, f"{remade.summary}\nexpected: the old key still unseals"
    assert remade.value == value
    assert old == before, f"reported as on old keys: {sorted(old)}, expected: {sorted(before)}"
    assert anew == old, f"sealed anew: {sorted(anew)}, expected: {sorted(old)}"
    assert not report.on_old_keys, str(report)
    assert probes.value("before") == value


@pytest.mark.control("SEC-004")
@pytest.mark.destructive("sealed-secrets")
@pytest.mark.usefixtures("keys_put_back")
def test_escrowed_keys_open_everything_again(stack: Stack, probes: SealedProbes, tmp_path: Path) -> None:
    """Preconditions: a standing stack, with a Secret sealed to the newest key.
    Steps: back the keys up; renew; seal another Secret; back up again; lose every key and both Secrets, so that a new
    controller starts with a key of its own; try a wrong passphrase and half a backup; restore the older backup, then the later.
    Expected: what cannot be used is refused and changes nothing; the older backup brings back all but the newer Secret, which
    is reported lost by name; the later one brings back that, too.
    """
    sealed_secrets, passphrase = stack.sealed_secrets, secrets.token_urlsafe(16)
    older, later, half = (tmp_path / name for name in ("older", "later", "half"))
    early = probes.seal("escrow-early")
    assert settle(probes.unsealed("escrow-early"), named="unsealed", within_s=SOON_S).ok
    custody(stack, "backup", older, passphrase)
    sealed_secrets.rotate()
    late = probes.seal("escrow-late")
    assert settle(probes.unsealed("escrow-late"), named="unsealed", within_s=SOON_S).ok
    custody(stack, "backup", later, passphrase)
    half.write_text(later.read_text()[:2000])

    sealed_secrets.lose_keys()
    probes.lose("escrow-early")
    probes.lose("escrow-late")
    alone = sealed_secrets.keys()

    for file, given, says in ((later, "a wrong passphrase", "does not open"), (half, passphrase, "is not whole")):
        refused = custody(stack, "restore", file, given)
        assert (refused.code, says in refused.stderr) == (2, True), f"{file.name}: {refused.code}: {refused.stderr}"
    assert sealed_secrets.keys() == alone, "a restore that was refused changed the keys"
    restored = custody(stack, "restore", older, passphrase)
    lost = {one.name for one in sealed_secrets.report().lost}
    assert lost == {f"{NAMESPACE}/escrow-late"}, f"lost with the older backup: {sorted(lost)}\n{restored.stdout}"
    assert restored.code == 1, f"restore ended with {restored.code} though a Secret is lost: {restored.stdout}"
    assert probes.value("escrow-early") == early, "the older backup does not bring back what it can"
    restored = custody(stack, "restore", later, passphrase)
    assert restored.code == 0, f"{restored.stdout}{restored.stderr}"
    assert probes.value("escrow-late") == late, f"the later backup does not bring back all:\n{restored.stdout}"
    figure("keys restored to everything unsealed", restored.seconds, "s")
