-- Forget the devices of a number (`devices`), or open the lock of wrong codes in a row.

if redis.call('EXISTS', KEYS[given.facts]) == 1 then
  local facts = read_facts()
  if given.devices then
    facts.devices = {}
  else
    facts.row, facts.locked, facts.locks = 0, 0, 0
  end
  write_facts(facts)
end
return 'OK'
