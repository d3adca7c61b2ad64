-- The challenge with its seed, for the job that sends it. Of a job that a broker has brought one
-- run gets it, and a second one only where the broker calls the first one's worker lost.

local doc, raw = read(given.id)
local seed = redis.call('GET', seed_key(given.id))

local function sent_by()
  if given.shared == '' or not doc or not seed or doc.ended ~= '' then
    return false
  end
  return standings(region_of(doc), true)
end

if given.delivered == 0 or not doc or not seed or doc.ended ~= '' then
  return { raw or false, seed, sent_by() }
end

local mine, kept = { moment(given.asked_at), 0, 0 }, {}
for _, run in ipairs(doc.runs or {}) do
  if tonumber(run[1]) == given.asked_at then
    mine = run
  else
    kept[#kept + 1] = run
  end
end
local lost = given.delivered >= MOST_RUNS and mine[2] < MOST_RUNS
if mine[3] == 1 or (mine[2] > 0 and not lost) then
  return { false, false }
end
mine[2] = mine[2] + 1
kept[#kept + 1] = mine
while #kept > REMEMBERED_RUNS do
  table.remove(kept, 1)
end
doc.runs = kept
return { write(doc), seed, sent_by() }
