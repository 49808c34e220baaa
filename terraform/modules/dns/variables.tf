variable "project_id" {
  description = "Project of the zone."
  type        = string
}

variable "name" {
  description = "Name of the zone, as the project knows it."
  type        = string
}

variable "domain" {
  description = "Domain of the zone, without the final dot."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "A domain is written like example.com, without the final dot."
  }
}

variable "editors" {
  description = "E-mails of the accounts that keep the zone's records: ExternalDNS, and cert-manager for its challenges."
  type        = map(string)
}

variable "labels" {
  description = "Labels of the zone."
  type        = map(string)
  default     = {}
}
