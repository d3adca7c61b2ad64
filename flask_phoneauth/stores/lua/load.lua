-- The challenge with its seed, for the job that sends it.

return { redis.call('HGET', KEYS[1], given.id), redis.call('GET', seed_key(given.id)) }
