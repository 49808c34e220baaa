-- When an Application is healthy: when what it deployed is, as it says itself, and when that is said of what it is to deploy now.
-- Argo CD's own judgement of it was taken out long ago; without one, a wave of Applications would be passed as soon as they exist.
local health = {status = "Progressing", message = "nothing is known of it yet"}
local status, noted = obj.status, obj.metadata.annotations
if noted ~= nil and noted["plumbline.dev/deploys-itself"] == "true" then
  return {status = "Healthy", message = "it does not wait for itself"}
end
if status == nil or status.health == nil or status.health.status == nil then
  return health
end
local said = status.health.status
-- Argo CD passes over Applications that are Missing or Unknown when it judges the one that they belong to.
if said == "Missing" or said == "Unknown" then
  health.message = "what it deploys is not there yet, or not known"
elseif said == "Healthy" and (status.sync == nil or status.sync.status ~= "Synced") then
  health.message = "it is not synced"
-- Until it was looked at again, it speaks of the revision before.
elseif said == "Healthy" and status.sync.comparedTo.source.targetRevision ~= obj.spec.source.targetRevision then
  health.message = "it was not compared with its revision yet"
else
  health.status = said
  health.message = status.health.message or ""
end
return health
