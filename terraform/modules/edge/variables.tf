variable "project_id" {
  description = "Project of the load balancer."
  type        = string
}

variable "rpc_clients" {
  description = "Ranges (CIDR) of the clients that may call JSON-RPC; empty means nobody. Ten at most in each rule of Cloud Armor."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.rpc_clients) <= 10 && alltrue([for range in var.rpc_clients : can(cidrhost(range, 0))])
    error_message = "Name at most ten ranges in CIDR notation."
  }

  validation {
    condition     = alltrue([for range in var.rpc_clients : can(regex("/(8|9|[1-9][0-9]+)$", range))])
    error_message = "A range of more than a /8 is not a client: JSON-RPC is never open to everybody."
  }
}

variable "rate_per_minute" {
  description = "Requests that one client may send in a minute before it is turned away for five."
  type        = number
  default     = 1200

  validation {
    condition     = var.rate_per_minute >= 60 && var.rate_per_minute <= 10000
    error_message = "The rate lies between 60 and 10000 requests in a minute."
  }
}
