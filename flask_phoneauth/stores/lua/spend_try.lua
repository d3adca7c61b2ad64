-- Count, compare, consume. What is compared are HMACs under a key that Redis does not know, so
-- the time of a comparison tells nothing about a code.

local doc, raw = read(given.id)
local no = unusable(doc, given.binding, given.purpose)
if no then
  return no
end
local stand = stand_of(read_facts())
local charge = stand.lane == 'device' and given.of_device or given.of_stranger
local locked = math.max(wait(charge), stand.locked)
if locked > 0 then
  return { 'refusal', LOCKED, locked }
end

local typed = given.digests[doc.key_id]
local fits = false
for _, generation in ipairs(doc.generations) do
  if generation[3] ~= '' and now < tonumber(generation[2]) and generation[3] == typed then
    fits = true
  end
end

if not fits then
  spend(charge)
  for _, one in ipairs(given.wrong) do
    judge_limit(one, true)
    spend(one)
  end
  if stand.lane == 'stranger' then
    missed(stand.facts, given.bounds)
  end
  doc.tries = doc.tries + 1
  local left = math.max(0, doc.max_tries - doc.tries)
  if left == 0 then
    finish(doc, 'too_many_tries')
  end
  write(doc)
  return { 'wrong', left, levels(given.wrong) }
end

local elsewhere = give_back(doc, 'success')
for _, cooldown in ipairs(given.cooldowns) do
  redis.call('DEL', KEYS[cooldown.key])
end
for _, one in ipairs(given.right) do
  spend(one)
end
local trusted = given.enrol
if stand.lane == 'device' then
  trusted = given.device -- it stays the same
end
proven(stand.facts, trusted, given.bounds)
finish(doc, 'used')
write(doc)
return { 'right', raw, elsewhere, stand.lane }
