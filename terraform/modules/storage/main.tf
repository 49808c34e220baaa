# Classes of volumes and of snapshots, and their backups by schedule.

# By Helm, since Terraform's own resource for objects of the cluster wants to see the cluster before it is made.
resource "helm_release" "classes" {
  name      = "storage-classes"
  namespace = "kube-system"
  chart     = "${path.module}/chart"
  atomic    = true
  values    = [yamlencode({ storageClasses = var.classes, snapshotClass = var.snapshot_class })]
}

# https://cloud.google.com/kubernetes-engine/docs/add-on/backup-for-gke: snapshots of the volumes, with the objects that claim
# them, kept outside of the cluster.
resource "google_gke_backup_backup_plan" "this" {
  count = var.backups.enabled ? 1 : 0

  name     = var.cluster_name
  project  = var.project_id
  location = var.region
  cluster  = var.cluster_id
  labels   = var.labels

  backup_config {
    include_volume_data = true
    include_secrets     = var.backups.with_secrets # sealed ones stand in Git

    selected_namespaces {
      namespaces = var.backups.namespaces
    }
  }

  backup_schedule {
    cron_schedule = var.backups.schedule
  }

  retention_policy {
    backup_retain_days      = var.backups.retain_days
    backup_delete_lock_days = var.backups.locked_days
    locked                  = var.backups.locked_plan
  }
}
