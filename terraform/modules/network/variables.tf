variable "name" {
  description = "Prefix of every name in this network."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "The name begins with a letter and has at most 31 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the subnet, its router and its NAT."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region is named like europe-west1; a zone (europe-west1-b) is not a region."
  }
}

variable "ranges" {
  description = "Ranges (CIDR) of nodes, pods, Services and of the control plane's private endpoint; none overlaps another."
  type = object({
    nodes         = string
    pods          = string
    services      = string
    control_plane = string
  })
  default = {
    nodes         = "10.10.0.0/20"
    pods          = "10.20.0.0/14"
    services      = "10.30.0.0/20"
    control_plane = "172.16.0.0/28"
  }
  nullable = false

  validation {
    condition     = alltrue([for range in values(var.ranges) : can(cidrhost(range, 0))])
    error_message = "Each range is written in CIDR notation, like 10.10.0.0/20."
  }

  validation {
    condition     = endswith(var.ranges.control_plane, "/28")
    error_message = "GKE takes a /28 for the control plane's private endpoint."
  }
}

variable "nat_addresses" {
  description = "Number of static addresses that the NAT speaks from; whom the nodes call can let exactly these in."
  type        = number
  default     = 2

  validation {
    condition     = var.nat_addresses >= 1 && var.nat_addresses <= 16
    error_message = "The NAT needs 1 to 16 addresses."
  }
}

variable "peer_ports" {
  description = "Ports, TCP and UDP, on which other Ethereum nodes are called."
  type        = list(string)
  default     = ["30303", "9000"]

  validation {
    condition     = length(var.peer_ports) > 0 && alltrue([for port in var.peer_ports : can(regex("^[0-9]+(-[0-9]+)?$", port))])
    error_message = "Name at least one port or range of ports, like 30303 or 30303-30305."
  }
}

variable "peer_tags" {
  description = "Network tags of the nodes that may call other Ethereum nodes."
  type        = list(string)

  validation {
    condition     = length(var.peer_tags) > 0
    error_message = "Without a tag every node of the network could do it."
  }
}

variable "web_tags" {
  description = "Network tags of the nodes that may call HTTPS services outside Google: image registries, Git, the ACME server, receivers of alerts."
  type        = list(string)

  validation {
    condition     = length(var.web_tags) > 0
    error_message = "Without a tag every node of the network could do it."
  }
}

variable "backend_ports" {
  description = "Ports of pods that Google's load balancer and its health checks call."
  type        = list(string)
  default     = ["8545", "8547"]
}

variable "webhook_ports" {
  description = "Ports of pods that the control plane calls besides the kubelet's: admission webhooks."
  type        = list(string)
  default     = ["10250", "8443"]
}

variable "flow_logs" {
  description = "Share of flows that are logged, from 0 (no log) to 1."
  type        = number
  default     = 0.5

  validation {
    condition     = var.flow_logs >= 0 && var.flow_logs <= 1
    error_message = "The share of logged flows lies between 0 and 1."
  }
}
