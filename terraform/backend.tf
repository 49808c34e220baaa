# The state is in a bucket that bootstrap/ makes; workspaces keep dev, stage and prod apart (infra/dev.tfstate, …).
# The bucket is named at init, since its name is unique in all of Google Cloud:
#   terraform init -backend-config=bucket=<your-tf-state-bucket>
terraform {
  backend "gcs" {
    prefix = "infra"
  }
}
