variable "project_id" {
  description = "Project of the bucket; best one that holds nothing else."
  type        = string
}

variable "bucket" {
  description = "Name of the bucket; it is unique in all of Google Cloud."
  type        = string
}

variable "location" {
  description = "Region of the bucket, or a dual region such as EUR4."
  type        = string
  default     = "EUR4"
}

variable "writers" {
  description = "Who runs Terraform, as IAM names them (serviceAccount:…, group:…)."
  type        = list(string)
}
