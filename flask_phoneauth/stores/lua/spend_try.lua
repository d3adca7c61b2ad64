-- Count, compare, consume. What is compared are HMACs under a key that Redis does not know, so
-- the time of a comparison tells nothing about a code.

local doc, raw = read(given.id)
local no = unusable(doc, given.binding, given.purpose)
if no then
  return no
end
local locked = wait(given.charge)
if locked > 0 then
  return { 'refusal', given.charge.code, locked }
end

local typed = given.digests[doc.key_id]
local fits = false
for _, generation in ipairs(doc.generations) do
  if generation[3] ~= '' and now < tonumber(generation[2]) and generation[3] == typed then
    fits = true
  end
end

if not fits then
  spend(given.charge)
  doc.tries = doc.tries + 1
  local left = math.max(0, doc.max_tries - doc.tries)
  if left == 0 then
    finish(doc, 'too_many_tries')
  end
  write(doc)
  return { 'wrong', left }
end

local elsewhere = give_back(doc, 'success')
for _, cooldown in ipairs(given.cooldowns) do
  redis.call('DEL', KEYS[cooldown.key])
end
finish(doc, 'used')
write(doc)
return { 'right', raw, elsewhere }
