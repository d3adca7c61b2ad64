-- Move `last_seen_at`, unless the session has ended or was moved meanwhile.

if redis.call('GET', KEYS[1]) == given.former then
  redis.call('SET', KEYS[1], given.made, 'PX', math.max(1, math.ceil(given.life * 1000)))
end
return 'OK'
