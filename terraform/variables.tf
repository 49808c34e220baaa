variable "environment" {
  description = "Environment that the file of values is for; refused in the workspace of another. Without it, the workspace's name counts."
  type        = string
  default     = null

  validation {
    condition     = contains(["dev", "stage", "prod"], coalesce(var.environment, terraform.workspace))
    error_message = "Choose a workspace: terraform workspace select -or-create dev (or stage, or prod)."
  }

  validation {
    condition     = coalesce(var.environment, terraform.workspace) == terraform.workspace
    error_message = "These values are for another environment than the workspace: select the workspace that has the environment's name."
  }
}

variable "projects" {
  description = "Project of each environment."
  type        = map(string)

  validation {
    condition     = alltrue([for project in values(var.projects) : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", project))])
    error_message = "A project's id has 6 to 30 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = length(distinct(values(var.projects))) == length(var.projects)
    error_message = "Each environment has a project of its own."
  }
}

variable "name" {
  description = "Prefix of every name."
  type        = string
  default     = "ethereum"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,10}$", var.name))
    error_message = "The prefix begins with a letter and has at most 11 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of everything."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region is named like europe-west1; a zone (europe-west1-b) is not a region."
  }
}

variable "ranges" {
  description = "Ranges (CIDR) of nodes, pods, Services and control plane; null for those of the module network."
  type = object({
    nodes         = string
    pods          = string
    services      = string
    control_plane = string
  })
  default = null
}

variable "node_pools" {
  description = "Pools by name, as the module node-pools takes them."
  type = map(object({
    machine_type  = string
    disk_type     = optional(string, "pd-balanced")
    disk_gib      = optional(number, 100)
    local_ssds    = optional(number, 0)
    min_per_zone  = number
    max_per_zone  = number
    dedicated     = optional(bool, true)
    upgrade_surge = optional(number, 1)
  }))
  default = {
    # Controllers, too, and GKE's own pods: the pool that is not dedicated.
    monitoring = { machine_type = "e2-standard-4", min_per_zone = 1, max_per_zone = 2, dedicated = false }
    ingress    = { machine_type = "e2-standard-2", min_per_zone = 1, max_per_zone = 2 }
    workloads  = { machine_type = "n2-highmem-4", disk_type = "pd-ssd", min_per_zone = 1, max_per_zone = 2 }
  }

  validation {
    condition     = length(setsubtract(["ingress", "monitoring", "workloads"], keys(var.node_pools))) == 0
    error_message = "The pools ingress, monitoring and workloads are needed: the charts and the firewall name them."
  }
}

variable "release_channel" {
  description = "Release channel that GKE's upgrades come from: REGULAR or STABLE."
  type        = string
  default     = "STABLE"
}

variable "deletion_protection" {
  description = "Refuse to destroy the cluster until this is set to false and applied."
  type        = bool
  default     = true
}

variable "image_patterns" {
  description = "Images that may run, as Binary Authorization's patterns."
  type        = list(string)
}

variable "mirrored_images" {
  description = "Whether every image comes from Artifact Registry: then nodes of the pool workloads call no web server, only peers."
  type        = bool
  default     = false
}

variable "attestors" {
  description = "Attestors whose signature lets other images run (projects/PROJECT/attestors/NAME)."
  type        = list(string)
  default     = []
}

variable "backups" {
  description = "Scheduled backups, as the module storage takes them."
  type = object({
    enabled     = optional(bool, true)
    schedule    = optional(string, "17 */6 * * *")
    retain_days = optional(number, 14)
    locked_days = optional(number, 7)
    locked_plan = optional(bool, false)
  })
  default = {}
}

variable "dns" {
  description = "Toggle of the DNS zone, and the domain of production; the other environments have subdomains of it (dev.DOMAIN)."
  type = object({
    enabled = bool
    domain  = optional(string, "")
  })
  default = { enabled = false }

  validation {
    condition     = !var.dns.enabled || var.dns.domain != ""
    error_message = "A zone needs its domain."
  }
}

variable "rpc_clients" {
  description = "Ranges (CIDR) of the clients that may call JSON-RPC from outside; empty means nobody."
  type        = list(string)
  default     = []
}

variable "logging" {
  description = "Toggle of the workloads' and the API server's logs in Cloud Logging, and of the network's flow logs."
  type        = bool
  default     = true
}

variable "metrics" {
  description = "Toggle of the control plane's metrics in Cloud Monitoring."
  type        = bool
  default     = true
}

variable "security_group" {
  description = "Google group (gke-security-groups@DOMAIN) whose member groups may be named in RBAC; empty for none."
  type        = string
  default     = ""
}
