"""What would be deployed, without a cluster: charts rendered, checked, and as Argo CD would apply them."""
