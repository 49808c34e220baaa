variable "project_id" {
  description = "Project of the accounts."
  type        = string
}

variable "name" {
  description = "Prefix of the accounts' names."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,16}$", var.name))
    error_message = "The prefix begins with a letter and has at most 17 lower-case letters, digits and hyphens: an account's name has at most 30."
  }
}

variable "workload_pool" {
  description = "Pool of identities of the cluster's service accounts (PROJECT.svc.id.goog)."
  type        = string
}

variable "workloads" {
  description = "Workloads that call Google's services: their namespace and service account, and the roles that they need in the project."
  type = map(object({
    namespace       = string
    service_account = string
    roles           = optional(list(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.workloads) : length(name) <= 12])
    error_message = "A workload's name has at most 12 characters."
  }

  validation {
    condition = alltrue(flatten([
      for workload in values(var.workloads) : [
        for role in workload.roles : !can(regex("^roles/(owner|editor|viewer|.*[aA]dmin)$", role))
      ]
    ]))
    error_message = "A workload gets no basic role and no administrator's role in the project: grant it on the one resource that it administers."
  }
}
