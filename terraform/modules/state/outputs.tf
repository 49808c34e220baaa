output "bucket" {
  description = "Name of the bucket: the value of -backend-config=bucket=…"
  value       = google_storage_bucket.this.name
}
