"""Faults of secrets: a controller that is gone, secrets that are written down, scopes that nobody guards, keys that are lost sight of."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from plumbline_beacon.engine import bearer_token

from plumbline.components.devnet import JWT_SECRET
from plumbline.components.devnet import NAMESPACE as ETHEREUM
from plumbline.components.sealed_secrets import NAMESPACE, RELEASE
from plumbline.components.secrets.sealing import KEY_LABEL
from plumbline.core import wait
from plumbline.faults.injuries.changes import added, changed, removed
from plumbline.faults.injuries.undo import cure, undone_by
from plumbline.faults.registry import fault

if TYPE_CHECKING:
    from plumbline.stack import Stack

_NOTE = "written-down"
_ROLLED_OUT_WITHIN_S = 60.0


# -- SEC-001 --------------------------------------------------------------------------------------------------------------


@fault("controller-gone", breaks="SEC-001", injured=f"{NAMESPACE}/becomes-its-secret", green=("CLU-001",))
def controller_gone(stack: Stack) -> Iterator[None]:
    """The controller of Sealed Secrets is scaled to zero."""
    with changed(stack, "Deployment", RELEASE, NAMESPACE, {"spec": {"replicas": 0}}):
        yield


@fault("key-written-down", breaks="SEC-001", injured=_NOTE, green=("SEC-002",))
def key_written_down(stack: Stack) -> Iterator[None]:
    """A ConfigMap holds the Engine API's key, in base64 as a Secret would."""
    with _noted(stack, b64encode(_engine_key(stack).encode()).decode()):
        yield


@fault("token-written-down", breaks="SEC-001", injured=_NOTE, green=("SEC-002",))
def token_written_down(stack: Stack) -> Iterator[None]:
    """A ConfigMap holds a token that was signed with the Engine API's key."""
    key = bytes.fromhex(_engine_key(stack).removeprefix("0x"))
    with _noted(stack, bearer_token(key, issued_at=round(time.time()))):
        yield


def _engine_key(stack: Stack) -> str:
    return stack.devnet.secret(JWT_SECRET)["jwt.hex"]


def _noted(stack: Stack, text: str) -> AbstractContextManager[None]:
    meta = {"name": _NOTE, "namespace": ETHEREUM}
    return added(stack, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"note": text}})


# -- SEC-002 --------------------------------------------------------------------------------------------------------------


@fault("scope-unguarded", breaks="SEC-002", injured="cluster-wide", green=("SEC-001",))
def scope_unguarded(stack: Stack) -> Iterator[None]:
    """The API server's policy on wide scopes is bound to nothing."""
    with removed(stack, "ValidatingAdmissionPolicyBinding", f"{RELEASE}-scope", ""):
        yield


# -- SEC-003 --------------------------------------------------------------------------------------------------------------


@fault("renewals-ignored", breaks="SEC-003", injured=f"{NAMESPACE}/{RELEASE}", green=("SEC-001",))
def renewals_ignored(stack: Stack) -> Iterator[None]:
    """The controller does not watch for keys that are made from outside."""
    kube = stack.site.kube
    containers = kube.get("Deployment", RELEASE, NAMESPACE)["spec"]["template"]["spec"]["containers"]
    deaf = [{**each, "args": [arg for arg in each["args"] if arg != "--watch-for-secrets"]} for each in containers]
    change = {"spec": {"template": {"spec": {"containers": deaf}}}}
    with changed(stack, "Deployment", RELEASE, NAMESPACE, change):
        rolled_out = kube.rolled_out("Deployment", RELEASE, NAMESPACE)
        wait.until(rolled_out, named="a controller that is deaf", within_s=_ROLLED_OUT_WITHIN_S)
        yield


# -- SEC-004 --------------------------------------------------------------------------------------------------------------


@fault("key-forgotten", breaks="SEC-004", injured=f"{ETHEREUM}/{JWT_SECRET}", green=("CLU-001",))
def key_forgotten(stack: Stack) -> Iterator[None]:
    """The key that the devnet's secrets are sealed to has lost its label, so that no backup holds it."""
    with forgotten_key(stack):
        yield


@contextmanager
def forgotten_key(stack: Stack) -> Iterator[None]:
    """Have the key that everything was sealed to without its label while the block runs."""
    sealed_secrets = stack.sealed_secrets
    sealed_secrets.reseal()
    (forgotten, *_) = sealed_secrets.keys()
    sealed_secrets.rotate()
    with undone_by(stack, "remember-key", key=forgotten.name):
        stack.site.kube.patch("Secret", forgotten.name, NAMESPACE, {"metadata": {"labels": {KEY_LABEL: None}}})
        yield


@cure("remember-key")
def _remember_key(stack: Stack, *, key: str) -> None:
    """Label it again, and have a new controller try what it gave up on."""
    stack.site.kube.patch("Secret", key, NAMESPACE, {"metadata": {"labels": {KEY_LABEL: "active"}}})
    stack.sealed_secrets.restart()
