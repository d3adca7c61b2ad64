-- How a number stands: open challenges, the longest cooldown, whether it is known, its devices,
-- its lock, whether the device is trusted, then each charge's sum and wait.

local alive = 0
for _, raw in ipairs(redis.call('HVALS', KEYS[1])) do
  if ending(cjson.decode(raw)) == '' then
    alive = alive + 1
  end
end
local stand, devices = stand_of(read_facts()), 0
for _, ends in pairs(stand.facts.devices) do
  if now < ends then
    devices = devices + 1
  end
end
local cooling_for = longest_cooling(given.price, false)
local reply = { alive, cooling_for, stand.known and 1 or 0, devices, stand.locked,
  stand.lane == 'device' and 1 or 0 }
for _, charge in ipairs(given.price.charges) do
  reply[#reply + 1] = spent(charge)
  reply[#reply + 1] = wait(charge)
end
return reply
