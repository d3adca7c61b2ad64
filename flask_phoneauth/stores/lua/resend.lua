-- Ask for the message once more.

local doc = read(given.id)
local no = unusable(doc, given.binding)
if no then
  return no
end
if redis.call('EXISTS', seed_key(doc.id)) == 0 then
  return { 'ended', 'used' }
end
local stand = stand_of(read_facts())
local wrong_guess = misjudged(stand)
if wrong_guess then
  return wrong_guess
end
local price = fitting(given.price, stand, doc.free)
local rules, longest = waits(price, 0, false)
if #rules > 0 then
  return refusal(rules, longest)
end
if given.channel ~= '' then
  doc.channel = given.channel
end
return send_again(doc, price, given.device, doc.free and 0 or 1)
