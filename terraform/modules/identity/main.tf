# Who may do what: one account for nodes, and one for each workload that calls Google's services. No account has a key.

resource "google_service_account" "nodes" {
  project      = var.project_id
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of ${var.name}"
}

# What a node needs: https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster#use_least_privilege_sa
resource "google_project_iam_member" "nodes" {
  for_each = toset([
    "roles/artifactregistry.reader",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/monitoring.viewer",
    "roles/stackdriver.resourceMetadata.writer",
  ])

  project = var.project_id
  role    = each.value
  member  = google_service_account.nodes.member
}

resource "google_service_account" "workloads" {
  for_each = var.workloads

  project      = var.project_id
  account_id   = "${var.name}-${each.key}"
  display_name = "${each.value.namespace}/${each.value.service_account} of ${var.name}"
}

resource "google_service_account_iam_member" "workloads" {
  for_each = var.workloads

  service_account_id = google_service_account.workloads[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.workload_pool}[${each.value.namespace}/${each.value.service_account}]"
}

resource "google_project_iam_member" "workloads" {
  for_each = merge([
    for name, workload in var.workloads : {
      for role in workload.roles : "${name} ${role}" => { name = name, role = role }
    }
  ]...)

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.workloads[each.value.name].member
}
