# Secrets are encrypted in etcd with a key of our own, which is replaced by schedule.

data "google_project" "this" {
  project_id = var.project_id
}

resource "google_kms_key_ring" "this" {
  name     = var.name
  project  = var.project_id
  location = var.region
}

resource "google_kms_crypto_key" "secrets" {
  name            = "secrets"
  key_ring        = google_kms_key_ring.this.id
  rotation_period = "${var.key_rotation_days * 86400}s"

  lifecycle {
    # Without it, no Secret of a backup of etcd can be read again.
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "gke" {
  crypto_key_id = google_kms_crypto_key.secrets.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${data.google_project.this.number}@container-engine-robot.iam.gserviceaccount.com"
}
