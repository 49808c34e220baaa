-- When an Application is healthy: when what it deployed is, as it says itself. Argo CD's own judgement of it was taken out long
-- ago; without one, a wave of Applications would be passed as soon as they exist.
local health = {status = "Progressing", message = "nothing is known of it yet"}
if obj.status ~= nil and obj.status.health ~= nil and obj.status.health.status ~= nil then
  health.status = obj.status.health.status
  health.message = obj.status.health.message or ""
  if health.status == "Healthy" and (obj.status.sync == nil or obj.status.sync.status ~= "Synced") then
    health.status = "Progressing"
    health.message = "it is not synced"
  end
end
return health
