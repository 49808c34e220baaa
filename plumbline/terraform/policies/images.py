"""Promises about which images run."""

from __future__ import annotations

import re

from plumbline.terraform.plan import Plan
from plumbline.terraform.policies.cluster import CLUSTER
from plumbline.terraform.policies.registry import Breaches, rule

_WILD = {"**": ".*", "*": "[^/]*"}


@rule("image-policy", promise="Only images of listed repositories, or signed ones, run.")
def image_policy(plan: Plan) -> Breaches:
    """Binary Authorization: the cluster asks the project's policy, and that refuses what it does not know."""
    for cluster in plan.of(CLUSTER):
        if cluster.value("binary_authorization", "evaluation_mode") != "PROJECT_SINGLETON_POLICY_ENFORCE":
            yield cluster, "binary_authorization.evaluation_mode is not PROJECT_SINGLETON_POLICY_ENFORCE"
    policies = plan.of("google_binary_authorization_policy")
    if plan.of(CLUSTER) and not policies:
        yield "google_binary_authorization_policy", "there is none, so every image runs"
    for policy in policies:
        if policy.value("default_admission_rule", "evaluation_mode") not in {"ALWAYS_DENY", "REQUIRE_ATTESTATION"}:
            yield policy, "its default rule lets every image run"
        if policy.value("default_admission_rule", "enforcement_mode") != "ENFORCED_BLOCK_AND_AUDIT_LOG":
            yield policy, "its default rule only takes notes"
        for listed in policy.each("admission_whitelist_patterns"):
            if len([part for part in listed["name_pattern"].split("/") if part.strip("*")]) < 2:
                yield policy, f"the pattern {listed['name_pattern']} stands for a whole registry"


def admits(pattern: str, image: str) -> bool:
    """Return whether a pattern of Binary Authorization stands for an image: ``*`` is any text without a slash, ``**`` any.

    https://cloud.google.com/binary-authorization/docs/policy-yaml-reference#admissionwhitelistpatterns
    """
    parts = (_WILD.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", pattern))
    return re.fullmatch("".join(parts), image) is not None
