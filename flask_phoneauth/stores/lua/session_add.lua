-- Write a session: KEYS[1] holds the user's tokens by session, KEYS[2] is the new token's.

local held = redis.call('HGETALL', KEYS[1])
for place = 1, #held, 2 do
  if redis.call('EXISTS', held[place + 1]) == 0 then
    redis.call('HDEL', KEYS[1], held[place])
  end
end
redis.call('SET', KEYS[2], given.made, 'PX', math.max(1, math.ceil(given.life * 1000)))
redis.call('HSET', KEYS[1], given.id, KEYS[2])
keep(KEYS[1], given.keep)
return 'OK'
