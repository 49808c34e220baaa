provider "google" {
  project = local.project_id
  region  = var.region

  default_labels = local.labels
}

data "google_client_config" "current" {}

# The control plane by its DNS name: whoever applies needs the role container.clusterViewer, no way into the network.
provider "helm" {
  kubernetes = {
    host  = "https://${module.cluster.endpoint}"
    token = data.google_client_config.current.access_token
  }
}
