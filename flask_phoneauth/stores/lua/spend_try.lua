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
if locked > 0 and given.stage ~= JUDGE then
  return { 'refusal', LOCKED, locked }
end

-- whether no try is left, and none is held that may still prove right
local function is_spent()
  for _, one in ipairs(doc.spends) do
    if one[4] == HELD and now < tonumber(one[5]) + HELD_FOR then
      return false
    end
  end
  return doc.tries >= doc.max_tries
end

-- counted and paid for before anybody is asked about its code
if given.stage == HOLD then
  if doc.tries >= doc.max_tries then
    if is_spent() then
      finish(doc, 'too_many_tries')
      write(doc)
    end
    return { 'ended', 'too_many_tries' }
  end
  spend(charge)
  if stand.lane == 'stranger' then
    missed(stand.facts, given.bounds)
  end
  doc.spends[#doc.spends + 1] = {
    charge.name, newest_bucket(charge), charge.cost, HELD, moment(now), '', 0,
  }
  doc.tries = doc.tries + 1
  return { 'held', doc.max_tries - doc.tries, write(doc) }
end

local typed = given.digests[doc.key_id]
local fits = false
for _, generation in ipairs(doc.generations) do
  if generation[3] ~= '' and now < tonumber(generation[2]) and generation[3] == typed then
    fits = true
  end
end

-- a held try was wrong: it is paid for already, but for what is counted over everything
if not fits and given.stage == JUDGE then
  for _, one in ipairs(given.wrong) do
    judge_limit(one, true)
    spend(one)
  end
  for place, one in ipairs(doc.spends) do
    if one[4] == HELD then
      table.remove(doc.spends, place)
      break
    end
  end
  if is_spent() then
    finish(doc, 'too_many_tries')
  end
  write(doc)
  return { 'wrong', math.max(0, doc.max_tries - doc.tries), levels(given.wrong) }
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
keep_for_good(doc)
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
if doc.channel ~= EMAIL then -- which proves no number
  proven(stand.facts, trusted, given.bounds)
end
finish(doc, 'used')
write(doc)
return { 'right', raw, elsewhere, stand.lane }
