-- Make the challenge, or continue or repeat this binding's own. ARGV[3] is the new seed.

local stand = stand_of(read_facts())
local wrong_guess = misjudged(stand)
if wrong_guess then
  return wrong_guess
end

local names = {}
for _, name in ipairs(given.leased) do
  names[name] = true
end
local alive, mine, left, first = {}, {}, {}, nil
for _, raw in ipairs(redis.call('HVALS', KEYS[1])) do
  local doc = cjson.decode(raw)
  if now >= forgotten_at(doc) then
    redis.call('HDEL', KEYS[1], doc.id)
  elseif lapse(doc, names) then
    write(doc)
  end
  if doc.id == given.follows and now < forgotten_at(doc) then
    first = doc
  end
  if now < forgotten_at(doc) and ending(doc) == '' then
    if lane_of(doc) == stand.lane then
      alive[#alive + 1] = tonumber(doc.expires_at)
    end
    local alike = (doc.channel == EMAIL) == (given.made.channel == EMAIL)
    if alike and doc.purpose == given.made.purpose and doc.binding == given.made.binding then
      mine[#mine + 1] = doc
    elseif doc.purpose == given.ends and doc.binding == given.made.binding then
      left[#left + 1] = doc
    end
  end
end
table.sort(mine, function(a, b)
  return tonumber(a.created_at) < tonumber(b.created_at)
end)

-- a reopened one has no seed: its code is still good, but it cannot be sent again
local current
for _, doc in ipairs(mine) do
  if not current and redis.call('EXISTS', seed_key(doc.id)) == 1 then
    current = doc
    current.payload = given.made.payload
  end
end

local function lead(to)
  if first then
    first.led_to = to
    write(first)
  end
end

local full = 0
if #mine == 0 and #alive >= given.live_limit then
  table.sort(alive)
  full = math.max(1, math.ceil(alive[#alive - given.live_limit + 1] - now))
end

local price = fitting(given.price, stand)
local rules, longest = waits(price, full, false)
if current and longest_cooling(price, false) > 0 and rules[1] ~= LOCKED then
  lead(current.id)
  return issued(write(current), longest, 0, 0, stand.lane, {})
end
if #rules > 0 then
  return refusal(rules, longest)
end
for _, doc in ipairs(left) do
  finish(doc, 'expired')
  write(doc)
end
lead(current and current.id or given.made.id)
if current then
  current.channel = given.made.channel
  return send_again(current, price, given.device, 1)
end
for _, worn in ipairs(mine) do
  finish(worn, 'used')
  write(worn)
end
redis.call('SET', seed_key(given.made.id), ARGV[3])
keep_seed(given.made)
given.made.device = stand.lane == 'device' and given.device or ''
return pay(given.made, price, 1)
