-- A vendor's receipt moves the newest message's delivery forward.

local doc = read(given.id)
if not doc or doc.ended ~= '' or tonumber(doc.asked_at) ~= given.asked_at then
  return 0
end
if now >= tonumber(doc.generations[#doc.generations][2]) then
  return 0
end
for _, step in ipairs(given.after) do
  if doc.delivery == step then
    doc.delivery, doc.reason = given.delivery, given.reason
    write(doc)
    return 1
  end
end
return 0
