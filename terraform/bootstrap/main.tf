# Once, before everything else: the bucket of the state. Its own state is small and stays in this folder; if it is lost, import
# the bucket: terraform import module.state.google_storage_bucket.this <bucket>

provider "google" {
  project = var.project_id
}

module "state" {
  source = "../modules/state"

  project_id = var.project_id
  name       = var.bucket
  location   = var.location
  writers    = var.writers
}
