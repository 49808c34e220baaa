# Production: the defaults, and what costs money only where it is needed.
environment = "prod"

backups = {
  retain_days = 30
  locked_days = 14
  locked_plan = true
}
