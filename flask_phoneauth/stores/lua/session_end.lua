-- End a user's sessions: `only` one, all but `keep`, or all of them.

local ended, held = 0, redis.call('HGETALL', KEYS[1])
for place = 1, #held, 2 do
  local id, key = held[place], held[place + 1]
  if (not given.only or id == given.only) and id ~= given.keep then
    ended = ended + redis.call('DEL', key)
    redis.call('HDEL', KEYS[1], id)
  end
end
return ended
