# Which images may run: those of the listed repositories, and those that a listed attestor has signed. Nothing else.

resource "google_binary_authorization_policy" "this" {
  project                       = var.project_id
  global_policy_evaluation_mode = "ENABLE" # GKE's own system images

  dynamic "admission_whitelist_patterns" {
    for_each = var.image_patterns

    content {
      name_pattern = admission_whitelist_patterns.value
    }
  }

  default_admission_rule {
    evaluation_mode         = length(var.attestors) > 0 ? "REQUIRE_ATTESTATION" : "ALWAYS_DENY"
    enforcement_mode        = "ENFORCED_BLOCK_AND_AUDIT_LOG"
    require_attestations_by = var.attestors
  }
}
