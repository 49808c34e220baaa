output "bucket" {
  description = "Name of the bucket: the value of -backend-config=bucket=…"
  value       = module.state.bucket
}
