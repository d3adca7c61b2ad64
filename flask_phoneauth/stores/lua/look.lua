-- How a number stands: open challenges, the longest cooldown, then each charge's sum and wait.

local alive = 0
for _, raw in ipairs(redis.call('HVALS', KEYS[1])) do
  if ending(cjson.decode(raw)) == '' then
    alive = alive + 1
  end
end
local reply = { alive, longest_cooling(given.price, false) }
for _, charge in ipairs(given.price.charges) do
  reply[#reply + 1] = spent(charge)
  reply[#reply + 1] = wait(charge)
end
return reply
