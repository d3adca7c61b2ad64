-- A vendor's receipt moves the newest message's delivery forward; a lost one is asked for anew.

local doc = read(given.id)
if not doc or doc.ended ~= '' or tonumber(doc.asked_at) ~= given.asked_at then
  return { 'nothing' }
end
if now >= tonumber(doc.generations[#doc.generations][2]) then
  return { 'nothing' }
end

local moved = false
for _, step in ipairs(given.after) do
  moved = moved or doc.delivery == step
end
if not moved then
  return { 'nothing' }
end
doc.delivery, doc.reason = given.delivery, given.reason
local region = region_of(doc)
local counts = given.tally and region ~= '' and ENDS[doc.delivery]
if counts and given.shared ~= '' then
  local key = 'provider:' .. given.tally.provider .. ':' .. counts .. ':' .. region
  spend({
    key = reach(key), cost = 1, window = given.tally.window, bucket = given.tally.bucket,
  })
end
local counted_for = counts and region or ''

local replaceable = given.price and doc.delivery == 'failed' and doc.lost_by == ''
if replaceable and lasts(doc) and redis.call('EXISTS', seed_key(doc.id)) == 1 then
  local price = fitting(given.price, stand_of(read_facts(), lane_of(doc)), doc.free)
  local rules = waits(price, 0, false)
  if #rules == 0 then
    doc.lost_by = given.lost_by
    local reply = send_again(doc, price, doc.device, doc.free and 0 or 1)
    reply[#reply + 1] = counted_for
    return reply
  end
end
write(doc)
return { 'moved', counted_for }
