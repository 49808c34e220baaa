"""Who can read which Secret: asked of the API server for every account, seen on every pod, compared with a table.

The table is ``local/isolation/secrets.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import product
from pathlib import Path

from plumbline.core import state
from plumbline.core.errors import ConfigError
from plumbline.kube.api import Kube, Object, name_of

FILE = "isolation/secrets.toml"  # below local/
_KEYS = {"accounts", "secrets", "reason"}
_VERBS = (
    "get",
    "list",
    "watch",
)  # each shows the content (https://kubernetes.io/docs/concepts/security/rbac-good-practices)
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_AT_ONCE = 16

Rights = Mapping[tuple[str, str], str]  # how an account ("namespace/name") can read a Secret ("namespace/name")


@dataclass(frozen=True)
class Row:
    """Some accounts, some Secrets (patterns as of file names), and why the former may read the latter."""

    accounts: tuple[str, ...]
    secrets: tuple[str, ...]
    reason: str

    def covers(self, account: str, secret: str) -> bool:
        """Return whether the row lets an account read a Secret."""
        return account in self.accounts and any(fnmatch(secret, pattern) for pattern in self.secrets)


@dataclass(frozen=True)
class Readers:
    """The whole table."""

    rows: tuple[Row, ...]

    @classmethod
    def read(cls, local: Path) -> Readers:
        """Read the table of a checkout, whose folder ``local/`` is given.

        Raises:
            ConfigError: it cannot be read, or a row is not what it should be.
        """
        rows = state.read_toml(local / FILE, f"local/{FILE}").get("reader", [])
        for row in rows:
            if set(row) != _KEYS or not all(row.values()):
                raise ConfigError(f"local/{FILE}: each reader has {', '.join(sorted(_KEYS))}, not {row}")
        return cls(tuple(Row(tuple(row["accounts"]), tuple(row["secrets"]), row["reason"]) for row in rows))

    def foreign(self, rights: Rights) -> list[str]:
        """Return, in words, the rights that the table does not give."""
        return [
            f"ServiceAccount {account} can read Secret {secret} ({how}), which local/{FILE} does not list"
            for (account, secret), how in sorted(rights.items())
            if not any(row.covers(account, secret) for row in self.rows)
        ]

    def stale(self, rights: Rights, accounts: Iterable[str]) -> list[str]:
        """Return, in words, what the table gives to accounts that exist, and that they do not have."""
        return [
            f"local/{FILE} lets ServiceAccount {account} read {pattern}, which it cannot"
            for row in self.rows
            for account, pattern in product(row.accounts, row.secrets)
            if account in accounts and not any(who == account and fnmatch(what, pattern) for who, what in rights)
        ]


def rights(kube: Kube, accounts: Iterable[str], secrets: Iterable[str]) -> Rights:
    """Ask the API server what each account may read (SubjectAccessReview), and look at what its pods are given."""
    asked = list(product(accounts, secrets))
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="review") as pool:
        answers = pool.map(lambda pair: _by_right(kube, *pair), asked)
        found = {pair: f"may {verb}" for pair, verb in zip(asked, answers, strict=True) if verb}
    for pod in kube.objects("Pod", None):
        found |= dict.fromkeys(given(pod), f"given to pod {pod['metadata']['name']}")
    return found


def names(kube: Kube, kind: str) -> list[str]:
    """Return every object of a kind as "namespace/name"."""
    return [name_of(each) for each in kube.objects(kind, None)]


def given(pod: Object) -> Iterator[tuple[str, str]]:
    """Yield the account of a pod with each Secret that it gets as a file or in its environment."""
    namespace, spec = pod["metadata"]["namespace"], pod["spec"]
    for secret in _secrets_of(spec):
        yield f"{namespace}/{spec.get('serviceAccountName', 'default')}", f"{namespace}/{secret}"


def _secrets_of(spec: Object) -> Iterator[str]:
    for volume in spec.get("volumes") or []:
        if "secret" in volume:
            yield volume["secret"]["secretName"]
        yield from (
            part["secret"]["name"] for part in volume.get("projected", {}).get("sources", []) if "secret" in part
        )
    for container in (*spec.get("initContainers", []), *spec["containers"]):
        references = [each.get("valueFrom", {}).get("secretKeyRef") for each in container.get("env", [])]
        references += [each.get("secretRef") for each in container.get("envFrom", [])]
        yield from (reference["name"] for reference in references if reference)


def _by_right(kube: Kube, account: str, secret: str) -> str:
    """Return the first verb by which an account may read a Secret, empty where there is none."""
    return next((verb for verb in _VERBS if _may(kube, account, verb, secret)), "")


def _may(kube: Kube, account: str, verb: str, secret: str) -> bool:
    space, name = account.split("/")
    namespace, wanted = secret.split("/")
    spec = {
        "user": f"system:serviceaccount:{space}:{name}",
        "groups": ["system:serviceaccounts", f"system:serviceaccounts:{space}", "system:authenticated"],
        "resourceAttributes": {"verb": verb, "resource": "secrets", "namespace": namespace, "name": wanted},
    }
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    return bool(kube.request("POST", _REVIEWS, body=review)["status"]["allowed"])
