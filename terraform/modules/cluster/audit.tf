# Who read and who changed what, in the services that the cluster's safety hangs on.

locals {
  audited = ["container.googleapis.com", "cloudkms.googleapis.com", "iam.googleapis.com", "storage.googleapis.com"]
}

resource "google_project_iam_audit_config" "this" {
  for_each = toset(local.audited)

  project = var.project_id
  service = each.value

  dynamic "audit_log_config" {
    for_each = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]

    content {
      log_type = audit_log_config.value
    }
  }
}
