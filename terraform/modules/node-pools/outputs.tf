output "names" {
  description = "Names of the pools: values of the node label pool."
  value       = sort([for pool in google_container_node_pool.this : pool.name])
}
