-- Ask for the message once more.

local doc = read(given.id)
local no = unusable(doc, given.binding)
if no then
  return no
end
if redis.call('EXISTS', seed_key(doc.id)) == 0 then
  return { 'ended', 'used' }
end
local price = doc.free and when_free(given.price) or given.price
local rules, longest = waits(price, 0, false)
if #rules > 0 then
  return refusal(rules, longest)
end
if doc.free then
  return send_again(doc, price, {}, 0)
end
return send_again(doc, price, given.spends, 1)
