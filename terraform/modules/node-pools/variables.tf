variable "cluster" {
  description = "Name of the cluster; also the prefix of the network tags."
  type        = string
}

variable "project_id" {
  description = "Project of the cluster."
  type        = string
}

variable "location" {
  description = "Region of the cluster: each pool has nodes in its zones."
  type        = string
}

variable "service_account" {
  description = "E-mail of the service account of nodes."
  type        = string

  validation {
    condition     = can(regex("@.+\\.iam\\.gserviceaccount\\.com$", var.service_account))
    error_message = "Nodes need a service account of their own; the project's default one may do far too much."
  }
}

variable "pools" {
  description = "Pools by name: machine, disk, number of nodes in each zone, and whether only pods that name the pool go there."
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

  validation {
    condition     = anytrue([for pool in values(var.pools) : !pool.dedicated])
    error_message = "One pool must not be dedicated: GKE's own pods, and controllers that name no pool, go there."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : contains(["pd-balanced", "pd-ssd"], pool.disk_type)])
    error_message = "A node's disk is pd-balanced or pd-ssd."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.min_per_zone >= 0 && pool.max_per_zone >= max(pool.min_per_zone, 1)])
    error_message = "max_per_zone is at least 1, and not below min_per_zone."
  }
}

variable "labels" {
  description = "Labels of the machines."
  type        = map(string)
  default     = {}
}
