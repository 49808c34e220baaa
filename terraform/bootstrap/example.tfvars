project_id = "example-ethereum-state"
bucket     = "example-ethereum-tf-state"
writers    = ["group:platform@example.com"]
