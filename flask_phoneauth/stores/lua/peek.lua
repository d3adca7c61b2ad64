-- Look at a challenge without touching.

local doc, raw = read(given.id)
if not doc or now >= forgotten_at(doc) then
  return { 'missing' }
end
if doc.binding ~= given.binding then
  return { 'foreign' }
end
local _, longest = waits(doc.free and when_free(given.price) or given.price, 0, false)
return { 'peek', raw, longest }
