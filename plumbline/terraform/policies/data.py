"""Promises about what must not be lost: volumes, backups, state, names."""

from __future__ import annotations

from typing import Any

import yaml

from plumbline.terraform.plan import Plan, Resource
from plumbline.terraform.policies.registry import Breaches, rule

_LEAST_RETAINED_DAYS, _LEAST_LOCKED_DAYS = 7, 7


@rule(
    "storage-classes", promise="Persistent disks are balanced or SSD, and snapshots have a class; Terraform makes both."
)
def storage_classes(plan: Plan) -> Breaches:
    """What the chart of the classes is given; what it makes of that is tried with Helm."""
    releases = plan.of("helm_release")
    if plan.is_environment and not releases:
        yield "helm_release", "no classes of volumes and snapshots are made"
    for release in releases:
        values = given_values(release)
        kinds = {each["type"] for each in values.get("storageClasses", {}).values()}
        if not kinds or kinds - {"pd-balanced", "pd-ssd"}:
            yield release, f"its volumes are of {', '.join(sorted(kinds)) or 'no kind'}"
        if not values.get("snapshotClass"):
            yield release, "it makes no VolumeSnapshotClass"


@rule(
    "backups",
    promise="Production's volumes are backed up at least every 12 hours, and the backups cannot be deleted early.",
)
def backups(plan: Plan) -> Breaches:
    """An environment without backups makes no plan of them; production must."""
    plans = plan.of("google_gke_backup_backup_plan")
    if plan.name == "prod" and not plans:
        yield "google_gke_backup_backup_plan", "there is none"
    for each in plans:
        if each.value("backup_config", "include_volume_data") is not True:
            yield each, "it leaves the volumes out"
        hours = (each.value("backup_schedule", "cron_schedule") or "").split()
        if len(hours) != 5 or hours[1] not in {"*", "*/1", "*/2", "*/3", "*/4", "*/6", "*/8", "*/12"}:
            yield each, f"its schedule ({' '.join(hours) or 'none'}) leaves more than 12 hours between backups"
        if (each.value("retention_policy", "backup_retain_days") or 0) < _LEAST_RETAINED_DAYS:
            yield each, f"backups are kept for less than {_LEAST_RETAINED_DAYS} days"
        if (each.value("retention_policy", "backup_delete_lock_days") or 0) < _LEAST_LOCKED_DAYS:
            yield each, f"a backup can be deleted before {_LEAST_LOCKED_DAYS} days have passed"


@rule(
    "state-bucket",
    promise="Terraform's state is private, versioned, not deleted with anything else, and who reads it is on record.",
)
def state_bucket(plan: Plan) -> Breaches:
    """Whoever reads a state knows the installation; whoever loses it has to import everything."""
    buckets = plan.of("google_storage_bucket")
    if plan.name == "bootstrap" and not buckets:
        yield "google_storage_bucket", "there is no bucket for the state"
    audited = {config.value("service") for config in plan.of("google_project_iam_audit_config")}
    for bucket in buckets:
        if "storage.googleapis.com" not in audited:
            yield bucket, "who reads it is not on record (google_project_iam_audit_config)"
        if bucket.value("versioning", "enabled") is not True:
            yield bucket, "former states are not kept (versioning)"
        if bucket.value("public_access_prevention") != "enforced":
            yield bucket, "it can be made public (public_access_prevention is not enforced)"
        if bucket.value("uniform_bucket_level_access") is not True:
            yield bucket, "single objects can have rights of their own (uniform_bucket_level_access)"
        if bucket.value("force_destroy") is not False:
            yield bucket, "it is deleted with everything in it (force_destroy)"


@rule("signed-zones", promise="Public DNS zones are signed, and only ExternalDNS and cert-manager change them.")
def signed_zones(plan: Plan) -> Breaches:
    """Private zones are not signed: nobody outside sees them."""
    for zone in plan.of("google_dns_managed_zone"):
        public = (zone.value("visibility") or "public") == "public"
        if public and zone.value("dnssec_config", "state") != "on":
            yield zone, "it is not signed (dnssec_config.state is not on)"
    for grant in plan.of("google_dns_managed_zone_iam_member"):
        if not any(f'"{name}"' in grant.address for name in ("external-dns", "cert-manager")):
            yield grant, "neither ExternalDNS nor cert-manager"


def given_values(release: Resource) -> dict[str, Any]:
    """Return the values that a Helm release is given, empty where they are not known."""
    return yaml.safe_load((release.value("values") or ["{}"])[0])  # type: ignore[no-any-return]
