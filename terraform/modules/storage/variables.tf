variable "project_id" {
  description = "Project of the cluster."
  type        = string
}

variable "cluster_id" {
  description = "Id of the cluster whose volumes are backed up."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster; its backup plan is called after it."
  type        = string
}

variable "region" {
  description = "Region in which backups are kept."
  type        = string
}

variable "classes" {
  description = "StorageClasses by name, with the kind of persistent disk that each provisions."
  type        = map(object({ type = string }))
  default = {
    chain-ssd      = { type = "pd-ssd" }
    chain-balanced = { type = "pd-balanced" }
  }

  validation {
    condition     = length(var.classes) > 0 && alltrue([for class in values(var.classes) : contains(["pd-balanced", "pd-ssd"], class.type)])
    error_message = "There is at least one class, and each is of pd-balanced or pd-ssd."
  }
}

variable "snapshot_class" {
  description = "Name of the VolumeSnapshotClass."
  type        = string
  default     = "chain-snapshots"
}

variable "backups" {
  description = "Scheduled backups of volumes: which namespaces, when (cron, UTC), days that they are kept, and days within which nobody can delete one."
  type = object({
    enabled      = optional(bool, true)
    namespaces   = optional(list(string), ["ethereum"])
    schedule     = optional(string, "17 */6 * * *")
    retain_days  = optional(number, 14)
    locked_days  = optional(number, 7)
    locked_plan  = optional(bool, false)
    with_secrets = optional(bool, false)
  })
  default = {}

  validation {
    condition     = var.backups.retain_days >= var.backups.locked_days && var.backups.locked_days <= 90
    error_message = "Backups are locked for at most 90 days, and kept for at least as long as they are locked."
  }
}

variable "labels" {
  description = "Labels of the backup plan."
  type        = map(string)
  default     = {}
}
