# What all environments share; read by itself. Put your own projects, region and domain here.
# The values that are not given have defaults fit for production; env/*.tfvars say where an environment differs.

projects = {
  dev   = "example-ethereum-dev"
  stage = "example-ethereum-stage"
  prod  = "example-ethereum-prod"
}

region = "europe-west1"

dns = {
  enabled = true
  domain  = "example.com"
}

# Every image of the charts and of the add-ons, and nothing else of their registries.
image_patterns = [
  "docker.io/bitnami/sealed-secrets-controller*",
  "docker.io/ethereum/client-go*",
  "docker.io/library/python*",
  "docker.io/library/traefik*",
  "ghcr.io/dexidp/dex*",
  "public.ecr.aws/docker/library/haproxy*",
  "public.ecr.aws/docker/library/redis*",
  "quay.io/argoproj/argocd*",
  "quay.io/jetstack/cert-manager-*",
  "quay.io/prometheus/*",
  "quay.io/prometheus-operator/*",
  "registry.k8s.io/external-dns/*",
  "registry.k8s.io/kube-state-metrics/*",
]
