output "nodes" {
  description = "E-mail of the nodes' account."
  value       = google_service_account.nodes.email
}

output "workloads" {
  description = "E-mail of each workload's account: the value of the annotation iam.gke.io/gcp-service-account."
  value       = { for name, account in google_service_account.workloads : name => account.email }
}
