-- Look at a challenge without touching.

local doc, raw = read(given.id)
if not doc or now >= forgotten_at(doc) then
  return { 'missing' }
end
if doc.binding ~= given.binding then
  return { 'foreign' }
end
local stand = stand_of(read_facts())
local wrong_guess = misjudged(stand)
if wrong_guess then
  return wrong_guess
end
local _, longest = waits(fitting(given.price, stand, doc.free), 0, false)
return { 'peek', raw, longest }
