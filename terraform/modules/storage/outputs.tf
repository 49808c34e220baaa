output "storage_classes" {
  description = "Names of the StorageClasses, for the charts' persistence.storageClass."
  value       = sort(keys(var.classes))
}

output "snapshot_class" {
  description = "Name of the VolumeSnapshotClass."
  value       = var.snapshot_class
}

output "backup_plan" {
  description = "Id of the backup plan, empty where backups are off."
  value       = one(google_gke_backup_backup_plan.this[*].id)
}
