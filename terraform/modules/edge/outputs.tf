output "address" {
  description = "Address that the hosts' records lead to."
  value       = google_compute_global_address.this.address
}

output "security_policy" {
  description = "Name of the policy that says who may call JSON-RPC."
  value       = google_compute_security_policy.rpc.name
}

output "ssl_policy" {
  description = "Name of the policy that says which TLS is spoken."
  value       = google_compute_ssl_policy.this.name
}
