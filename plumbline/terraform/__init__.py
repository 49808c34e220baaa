"""Terraform code that is proved without a cloud: validated and planned by OpenTofu, with stand-ins for the providers."""
