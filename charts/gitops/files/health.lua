-- When an Application is healthy: when what it deployed is, as it says itself, and when that is said of what it is to deploy now.
-- Argo CD's own judgement of it was taken out long ago; without one, a wave of Applications would be passed as soon as they exist.
local health = {status = "Progressing", message = "nothing is known of it yet"}
local status = obj.status
if status ~= nil and status.health ~= nil and status.health.status ~= nil then
  health.status = status.health.status
  health.message = status.health.message or ""
  if health.status == "Healthy" and (status.sync == nil or status.sync.status ~= "Synced") then
    health.status = "Progressing"
    health.message = "it is not synced"
  end
  -- Until it was looked at again, it speaks of the revision before.
  if health.status == "Healthy" and status.sync.comparedTo.source.targetRevision ~= obj.spec.source.targetRevision then
    health.status = "Progressing"
    health.message = "it was not compared with its revision yet"
  end
end
return health
