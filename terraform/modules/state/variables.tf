variable "project_id" {
  description = "Project of the bucket."
  type        = string
}

variable "name" {
  description = "Name of the bucket; it is unique in all of Google Cloud."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "location" {
  description = "Region of the bucket, or a dual region such as EUR4."
  type        = string
}

variable "writers" {
  description = "Who runs Terraform, as IAM names them (serviceAccount:…, group:…)."
  type        = list(string)

  validation {
    condition     = alltrue([for writer in var.writers : can(regex("^(serviceAccount|group|user|principalSet):", writer))])
    error_message = "A writer is an account, a group, a user or a principal set; everybody (allUsers) is not."
  }
}

variable "versions" {
  description = "Former versions of a state that are kept."
  type        = number
  default     = 50

  validation {
    condition     = var.versions >= 10
    error_message = "Keep at least 10 versions: a state is needed most when the last apply went wrong."
  }
}
