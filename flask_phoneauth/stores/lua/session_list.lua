-- A user's sessions that Redis still has.

local found = {}
for _, key in ipairs(redis.call('HVALS', KEYS[1])) do
  local raw = redis.call('GET', key)
  if raw then
    found[#found + 1] = raw
  end
end
return found
