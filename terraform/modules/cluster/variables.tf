variable "name" {
  description = "Name of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}$", var.name))
    error_message = "The name begins with a letter and has at most 39 lower-case letters, digits and hyphens."
  }
}

variable "project_id" {
  description = "Project of the cluster."
  type        = string
}

variable "region" {
  description = "Region of the cluster: a regional control plane outlives the loss of a zone."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region is named like europe-west1; with a zone (europe-west1-b) the control plane would be zonal."
  }
}

variable "network" {
  description = "Id of the network."
  type        = string
}

variable "subnetwork" {
  description = "Id of the nodes' subnet."
  type        = string
}

variable "pods_range" {
  description = "Name of the subnet's secondary range for pods."
  type        = string
}

variable "services_range" {
  description = "Name of the subnet's secondary range for Services."
  type        = string
}

variable "control_plane_range" {
  description = "Range (CIDR, /28) of the control plane's private endpoint."
  type        = string
}

variable "node_service_account" {
  description = "E-mail of the service account of nodes; GKE makes its first, short-lived pool with it."
  type        = string
}

variable "release_channel" {
  description = "Release channel that upgrades come from."
  type        = string
  default     = "REGULAR"

  validation {
    condition     = contains(["REGULAR", "STABLE"], var.release_channel)
    error_message = "Choose REGULAR or STABLE; RAPID is for clusters that may break, and without a channel nothing is patched."
  }
}

variable "maintenance" {
  description = "When GKE may upgrade: the start and end of the window (UTC, RFC 3339) and its recurrence (RFC 5545)."
  type = object({
    start      = string
    end        = string
    recurrence = string
  })
  default = {
    start      = "2026-01-03T02:00:00Z"
    end        = "2026-01-03T08:00:00Z"
    recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
  }

  validation {
    condition     = startswith(var.maintenance.recurrence, "FREQ=") && can(timeadd(var.maintenance.start, "0s")) && can(timeadd(var.maintenance.end, "0s"))
    error_message = "Start and end are times like 2026-01-03T02:00:00Z, the recurrence begins with FREQ=."
  }
}

variable "deletion_protection" {
  description = "Refuse to destroy the cluster until this is set to false and applied."
  type        = bool
  default     = true
}

variable "logging" {
  description = "Send the logs of system and workloads, and the API server's, to Cloud Logging; false keeps the system's only."
  type        = bool
  default     = true
}

variable "metrics" {
  description = "Collect the metrics of the control plane and of storage in Cloud Monitoring; false keeps the system's only."
  type        = bool
  default     = true
}

variable "image_patterns" {
  description = "Images that may run, as Binary Authorization's patterns; everything else needs an attestation."
  type        = list(string)

  validation {
    condition     = length(var.image_patterns) > 0 && alltrue([for pattern in var.image_patterns : can(regex("^[a-z0-9.-]+\\.[a-z]+/[^*]+", pattern))])
    error_message = "Each pattern names a registry and a repository in it, like docker.io/ethereum/*; a whole registry is too much."
  }
}

variable "attestors" {
  description = "Attestors whose signature lets other images run (projects/PROJECT/attestors/NAME); without any, none else runs."
  type        = list(string)
  default     = []
}

variable "key_rotation_days" {
  description = "Days after which the key that encrypts Secrets in etcd is replaced."
  type        = number
  default     = 90

  validation {
    condition     = var.key_rotation_days >= 1 && var.key_rotation_days <= 90
    error_message = "The key is replaced at least every 90 days."
  }
}

variable "security_group" {
  description = "Google group (gke-security-groups@DOMAIN) whose member groups may be named in RBAC; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = var.security_group == "" || startswith(var.security_group, "gke-security-groups@")
    error_message = "GKE demands that this group is called gke-security-groups@DOMAIN."
  }
}

variable "labels" {
  description = "Labels of the cluster and of what it makes."
  type        = map(string)
  default     = {}
}
