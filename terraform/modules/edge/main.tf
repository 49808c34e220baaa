# What Google's load balancer needs besides the Ingress: an address, who may call, and which TLS is spoken. Their names stand in
# charts/geth-node/values.prod.yaml (ingress.annotations, gke.securityPolicy, gke.sslPolicy).

resource "google_compute_global_address" "this" {
  project = var.project_id
  name    = "geth-rpc"
}

resource "google_compute_ssl_policy" "this" {
  project         = var.project_id
  name            = "modern-tls"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_security_policy" "rpc" {
  project     = var.project_id
  name        = "geth-rpc"
  description = "JSON-RPC is for the listed clients, and for no more than they need."

  dynamic "rule" {
    for_each = length(var.rpc_clients) > 0 ? [var.rpc_clients] : []

    content {
      description = "Listed clients, each within its rate."
      action      = "rate_based_ban"
      priority    = 1000

      match {
        versioned_expr = "SRC_IPS_V1"

        config {
          src_ip_ranges = rule.value
        }
      }

      rate_limit_options {
        conform_action   = "allow"
        exceed_action    = "deny(429)"
        enforce_on_key   = "IP"
        ban_duration_sec = 300

        rate_limit_threshold {
          count        = var.rate_per_minute
          interval_sec = 60
        }
      }
    }
  }

  rule {
    description = "Everybody else."
    action      = "deny(403)"
    priority    = 2147483647

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
