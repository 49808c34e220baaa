"""Promises about who may do what in the project."""

from __future__ import annotations

import re

from plumbline.terraform.plan import Plan
from plumbline.terraform.policies.cluster import CLUSTER, POOL
from plumbline.terraform.policies.registry import Breaches, rule

_PUBLIC = {"allUsers", "allAuthenticatedUsers"}
_BASIC = re.compile(r"^roles/(owner|editor|viewer)$")
_MEMBER = re.compile(r"^google_\w+_iam_member$")
_WHOLE = re.compile(r"^google_\w+_iam_(binding|policy)$")
_NODE_ROLES = {
    "roles/artifactregistry.reader",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/monitoring.viewer",
    "roles/stackdriver.resourceMetadata.writer",
}
_WORKLOAD = re.compile(r"^serviceAccount:[a-z0-9-]+\.svc\.id\.goog\[[a-z0-9-]+/[a-z0-9-]+\]$")


@rule(
    "least-privilege",
    promise="Nobody has a basic role, and in the project nobody administers anything; nothing is public.",
)
def least_privilege(plan: Plan) -> Breaches:
    """Administration is granted on the one resource that is administered."""
    for grant in plan.resources:
        if _WHOLE.match(grant.type):
            yield grant, "replaces the grants that others made; add members one by one (…_iam_member)"
        if not _MEMBER.match(grant.type):
            continue
        role = grant.value("role") or ""
        if grant.value("member") in _PUBLIC:
            yield grant, f"{role} is for {grant.value('member')}"
        if _BASIC.match(role):
            yield grant, f"{role} is a basic role"
        if grant.type == "google_project_iam_member" and role.lower().endswith("admin"):
            yield grant, f"{role} is for the whole project"


@rule(
    "node-identity",
    promise="Nodes have an account of their own that may only fetch images, and write logs and metrics.",
)
def node_identity(plan: Plan) -> Breaches:
    """Without one, nodes have the project's default account, which is an editor."""
    for each in plan.of(CLUSTER, POOL):
        if not each.gives("node_config", "service_account"):
            yield each, "its nodes have the project's default account"
    for grant in plan.of("google_project_iam_member"):
        if ".nodes[" in grant.address and grant.value("role") not in _NODE_ROLES:
            yield grant, f"nodes need no {grant.value('role')}"


@rule("workload-identity", promise="A workload calls Google's services as itself: by Workload Identity, without a key.")
def workload_identity(plan: Plan) -> Breaches:
    """Each account may be used by exactly one service account of the cluster."""
    for cluster in plan.of(CLUSTER):
        if not cluster.gives("workload_identity_config", "workload_pool"):
            yield cluster, "workload_identity_config has no workload_pool"
    for key in plan.of("google_service_account_key"):
        yield key, "an account has a key that can be copied"
    for grant in plan.of("google_service_account_iam_member"):
        if grant.value("role") != "roles/iam.workloadIdentityUser":
            yield grant, f"{grant.value('role')} lets somebody act as the account"
        elif not _WORKLOAD.match(grant.value("member") or ""):
            yield grant, f"{grant.value('member') or 'its member'} is not one service account of the cluster"
