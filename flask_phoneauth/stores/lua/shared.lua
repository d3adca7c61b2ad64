-- On a Cluster: what the number's script has found about budgets that are kept elsewhere.

for _, one in ipairs(given.refunds) do
  take_back(KEYS[one[1]], one[2], one[3])
  if one[4] > 0 then
    credit(KEYS[one[4]], one[2], one[3], one[5])
  end
end
for _, charge in ipairs(given.charges) do
  judge_limit(charge, true)
  spend(charge)
end
for _, cooldown in ipairs(given.cleared) do
  redis.call('DEL', KEYS[cooldown.key])
end
for _, cooldown in ipairs(given.uncooled) do
  uncool(cooldown, given.asked_at)
end
for _, news in ipairs(given.news) do
  note(news)
end
for _, one in ipairs(given.restored) do
  local cooldown = { key = one[1] }
  if state_of(cooldown).at == now then -- nobody else has moved it on since
    put_cooldown(KEYS[one[1]], one[2], tonumber(one[3]), tonumber(one[4]))
  end
end
return levels(given.charges)
