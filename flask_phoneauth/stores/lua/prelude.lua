-- What all verbs share; the constants above it are the Python ones.
--
-- KEYS[1] holds a number's challenges: a hash of JSON documents by id. Moments in it are texts,
-- because cjson would round them. ARGV[1] is the time, ARGV[2] the verb's arguments as JSON.
-- A charge or cooldown has `key`, its place in KEYS, or on a Cluster `before` and `after`: its
-- waits, as they were found where it is kept, for an unknown number and for a known one.
-- `given.facts` is the place of the number's facts, `given.device` the hash of the token that
-- came along.

local now = tonumber(ARGV[1])
local given = cjson.decode(ARGV[2])

local function moment(seconds)
  return string.format('%.17g', seconds)
end

-- a key's life goes by the server's own clock: it is given as a length, never as a moment
local function keep(key, seconds)
  local life = math.max(1, math.ceil(seconds * 1000))
  if redis.call('PTTL', key) < life then
    redis.call('PEXPIRE', key, life)
  end
end

-- charges --------------------------------------------------------------------------------------

local function newest_bucket(charge)
  -- fmod is exact, as Python's // is
  return (now - math.fmod(now, charge.bucket)) / charge.bucket
end

local function read_counts(place)
  local counts = {}
  local found = redis.call('HGETALL', KEYS[place])
  for at = 1, #found, 2 do
    counts[tonumber(found[at])] = tonumber(found[at + 1])
  end
  return counts
end

local function counts_of(charge)
  if not charge.counts then
    charge.counts = read_counts(charge.key)
  end
  return charge.counts
end

local function sum(charge, counts)
  local newest, total = newest_bucket(charge), 0
  for bucket = newest - BUCKETS, newest do
    total = total + (counts[bucket] or 0)
  end
  return total
end

local function spent(charge)
  return sum(charge, counts_of(charge))
end

-- the limit that holds for a known number or for any other, and in `whole` the former of both
local function judge_limit(charge, known)
  local grown = charge.share_at and sum(charge, read_counts(charge.share_at)) or 0
  local share, limit = charge.share or 0, charge.limit
  charge.whole = math.max(charge.known_limit or limit, math.floor(share * grown))
  if charge.known_limit and known then
    limit = charge.known_limit
  elseif charge.known_limit then
    share = share * limit / charge.known_limit
  end
  charge.limit = math.max(limit, math.floor(share * grown))
end

-- whole seconds until the charge fits, 0 where it fits now
local function wait(charge)
  local room = charge.limit - math.max(1, charge.cost)
  local left = spent(charge)
  if left <= room or charge.record_only then
    return 0
  end
  local counts, newest = counts_of(charge), newest_bucket(charge)
  for bucket = newest - BUCKETS, newest do
    left = left - (counts[bucket] or 0)
    if left <= room then
      return math.max(1, math.ceil((bucket + BUCKETS + 1) * charge.bucket - now))
    end
  end
  return charge.window
end

local function spend(charge)
  local counts, newest = counts_of(charge), newest_bucket(charge)
  for bucket in pairs(counts) do
    if bucket < newest - BUCKETS then
      redis.call('HDEL', KEYS[charge.key], string.format('%.0f', bucket))
      counts[bucket] = nil
    end
  end
  counts[newest] = (counts[newest] or 0) + charge.cost
  redis.call('HSET', KEYS[charge.key], string.format('%.0f', newest), counts[newest])
  keep(KEYS[charge.key], charge.window + charge.bucket)
end

local function take_back(key, bucket, cost)
  local field = string.format('%.0f', bucket)
  local count = redis.call('HGET', key, field)
  if count then
    redis.call('HSET', key, field, math.max(0, tonumber(count) - cost))
  end
end

-- what was spent at that time is proven now
local function credit(key, bucket, cost, window)
  redis.call('HINCRBY', key, string.format('%.0f', bucket), cost)
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if tonumber(field) < bucket - BUCKETS then
      redis.call('HDEL', key, field)
    end
  end
  keep(key, (bucket + 1) * (window / BUCKETS) + window - now)
end

-- name, spent and limit of each watched budget that was spent
local function levels(charges)
  local told = {}
  for _, charge in ipairs(charges) do
    if charge.key and charge.watched and charge.cost > 0 then
      told[#told + 1] = charge.name
      told[#told + 1] = spent(charge)
      told[#told + 1] = charge.whole
    end
  end
  return told
end

-- cooldowns ------------------------------------------------------------------------------------

local function state_of(cooldown)
  local found = redis.call('HMGET', KEYS[cooldown.key], 'step', 'until', 'at')
  return {
    step = tonumber(found[1] or 0), held = tonumber(found[2] or 0), at = tonumber(found[3] or 0)
  }
end

local function cooling(cooldown)
  return math.max(0, math.ceil(state_of(cooldown).held - now))
end

local function put_cooldown(key, step, held, at)
  redis.call('HSET', key, 'step', step, 'until', moment(held), 'at', moment(at))
end

local function cool(cooldown)
  local state = state_of(cooldown)
  local step = state.step
  if now - state.at >= cooldown.idle then
    step = 0
  end
  local rung = cooldown.ladder[math.min(step, #cooldown.ladder - 1) + 1]
  local held = now + rung * (1 + cooldown.jitter)
  put_cooldown(KEYS[cooldown.key], step + 1, held, now)
  keep(KEYS[cooldown.key], math.max(held - now, cooldown.idle))
end

-- one rung down and no wait, unless a later message started it
local function uncool(cooldown, asked_at)
  local state = state_of(cooldown)
  if state.at == asked_at then
    put_cooldown(KEYS[cooldown.key], math.max(0, state.step - 1), 0, state.at)
  end
end

-- prices ---------------------------------------------------------------------------------------

local function wait_of(entry, judge, paid)
  if entry.key then
    return judge(entry)
  end
  return paid and entry.after or entry.before
end

local function longest_cooling(price, paid)
  local longest = 0
  for _, cooldown in ipairs(price.cooldowns) do
    longest = math.max(longest, wait_of(cooldown, cooling, paid))
  end
  return longest
end

-- all rules that hold an ask up, in the order in which they are told, and the longest of them
local function waits(price, full, paid)
  local rules, longest = {}, 0
  local function add(code, seconds)
    if seconds > 0 then
      rules[#rules + 1] = code
      longest = math.max(longest, seconds)
    end
  end
  local others, looks = {}, false
  for _, charge in ipairs(price.charges) do
    if charge.code == LOCKED then
      looks = true
    else
      others[#others + 1] = charge
    end
  end
  if looks then
    add(LOCKED, price.stand.locked)
  end
  for _, charge in ipairs(price.charges) do
    if charge.code == LOCKED then
      add(LOCKED, wait_of(charge, wait, paid))
    end
  end
  add('budget_exhausted', full)
  for _, charge in ipairs(others) do
    add(charge.code, wait_of(charge, wait, paid))
  end
  add('cooldown', longest_cooling(price, paid))
  return rules, longest
end

-- facts ----------------------------------------------------------------------------------------

local function read_facts()
  local facts = { devices = {}, known = 0, row = 0, locked = 0, locks = 0 }
  local found = redis.call('HGETALL', KEYS[given.facts])
  for place = 1, #found, 2 do
    local name, value = found[place], tonumber(found[place + 1])
    if string.sub(name, 1, 2) == 'd:' then
      facts.devices[string.sub(name, 3)] = value
    else
      facts[name] = value
    end
  end
  return facts
end

local function write_facts(facts)
  local key = KEYS[given.facts]
  redis.call('DEL', key)
  redis.call('HSET', key, 'known', moment(facts.known), 'row', facts.row)
  redis.call('HSET', key, 'locked', moment(facts.locked), 'locks', facts.locks)
  local last = math.max(now + KEPT_FOR, facts.known, facts.locked)
  for device, ends in pairs(facts.devices) do
    redis.call('HSET', key, 'd:' .. device, moment(ends))
    last = math.max(last, ends)
  end
  keep(key, last - now)
end

-- how the number stands towards who asks; a lane that is decided already is given
local function stand_of(facts, lane)
  local trusted = given.device and now < (facts.devices[given.device] or 0)
  lane = lane or (trusted and 'device' or 'stranger')
  local stranger = lane == 'stranger'
  return {
    facts = facts,
    lane = lane,
    known = not stranger or now < facts.known,
    locked = stranger and math.max(0, math.ceil(facts.locked - now)) or 0,
  }
end

local function lane_of(doc)
  return doc.lane or 'stranger'
end

-- a stranger's wrong code; the last one in a row locks for a day, then two, four and seven
local function missed(facts, bounds)
  facts.row = facts.row + 1
  if facts.row >= bounds.wrong_in_row then
    local seconds = math.min(DAY * 2 ^ math.min(facts.locks, 3), LONGEST_LOCK)
    facts.row, facts.locked, facts.locks = 0, now + seconds, facts.locks + 1
  end
  write_facts(facts)
end

-- a success; one device too many takes the place of the one whose trust ends first
local function proven(facts, device, bounds)
  local others = {}
  for name, ends in pairs(facts.devices) do
    if now < ends and name ~= device then
      others[#others + 1] = name
    end
  end
  table.sort(others, function(a, b)
    local first, second = facts.devices[a], facts.devices[b]
    return first > second or (first == second and a > b)
  end)
  local kept, room = {}, bounds.devices
  if device then
    kept[device], room = now + bounds.device_life, room - 1
  end
  for place = 1, math.min(room, #others) do
    kept[others[place]] = facts.devices[others[place]]
  end
  write_facts({
    devices = kept, known = now + bounds.device_life, row = 0, locked = 0, locks = 0,
  })
end

-- what of a price the lane pays where the number stands so; a free one looks at the locks only
local function fitting(price, stand, free)
  local fit = { charges = {}, cooldowns = {}, stand = stand }
  local variant = stand.known and 2 or 1
  local function take(entries, into)
    for _, entry in ipairs(entries) do
      if not entry.lane or entry.lane == stand.lane then
        if entry.before then
          entry.before, entry.after = entry.before[variant], entry.after[variant]
        elseif entry.limit then
          judge_limit(entry, stand.known)
        end
        into[#into + 1] = entry
      end
    end
  end
  if not free then
    take(price.charges, fit.charges)
    take(price.cooldowns, fit.cooldowns)
    return fit
  end
  local locks = {}
  for _, charge in ipairs(price.charges) do
    if charge.code == LOCKED then
      locks[#locks + 1] = charge
    end
  end
  take(locks, fit.charges)
  return fit
end

-- on a Cluster the lane is guessed before it can be known: a reply where the guess was wrong
local function misjudged(stand)
  if given.guess and given.guess ~= stand.lane then
    return { 'lane' }
  end
end

-- providers ------------------------------------------------------------------------------------

-- the place of a row that belongs to no number: `given.shared` is where those are
local function reach(name)
  KEYS[#KEYS + 1] = given.shared .. name
  return #KEYS
end

local function breaker_at(place)
  local found = redis.call(
    'HMGET', KEYS[place], 'failures', 'open_until', 'opened', 'probe', 'error', 'error_at'
  )
  return {
    failures = tonumber(found[1] or 0), open_until = tonumber(found[2] or 0),
    opened = tonumber(found[3] or 0), probe = tonumber(found[4] or 0),
    error = found[5] or '', error_at = tonumber(found[6] or 0),
  }
end

local function put_breaker(place, breaker)
  redis.call('HSET', KEYS[place],
    'failures', breaker.failures, 'open_until', moment(breaker.open_until),
    'opened', breaker.opened, 'probe', moment(breaker.probe),
    'error', breaker.error, 'error_at', moment(breaker.error_at))
  keep(KEYS[place], DAY)
end

local function breaker_state(breaker)
  local last = math.max(breaker.open_until, breaker.probe)
  if breaker.open_until == 0 or now >= last + FORGOTTEN then
    return 'closed'
  elseif now < breaker.open_until then
    return 'open'
  end
  return now < breaker.probe and 'probed' or 'half-open'
end

local function open_breaker(breaker)
  local pauses = given.patience.pauses
  breaker.open_until = now + pauses[math.min(breaker.opened, #pauses - 1) + 1]
  breaker.failures, breaker.opened, breaker.probe = 0, breaker.opened + 1, 0
end

-- a job's news of one provider; what is told late, or of a lease that is over, is none
local function note(news)
  local place = reach('provider:' .. news.provider .. ':breaker')
  local breaker = breaker_at(place)
  local closed = breaker_state(breaker) == 'closed'
  if closed then
    breaker.open_until, breaker.opened, breaker.probe = 0, 0, 0
  elseif news.probe == 0 or news.probe ~= breaker.probe then
    return
  end
  if news.kind == 'took' then
    breaker.failures, breaker.open_until, breaker.opened, breaker.probe = 0, 0, 0, 0
  elseif news.kind == 'unused' then
    breaker.probe = 0
  else
    breaker.error, breaker.error_at = news.error, now
    breaker.failures = breaker.failures + 1
    if not closed or breaker.failures >= given.patience.failures then
      open_breaker(breaker)
    end
  end
  put_breaker(place, breaker)
end

-- how the providers of a region's route stand, as JSON; with `claim` a probe that is due is taken
local function standings(region, claim)
  local told, route = {}, given.routes[region] or given.routes['*'] or {}
  for _, name in ipairs(route) do
    local place = reach('provider:' .. name .. ':breaker')
    local breaker, claimed = breaker_at(place), 0
    if claim and breaker_state(breaker) == 'half-open' then
      breaker.probe, claimed = now + LEASE, 1
      put_breaker(place, breaker)
    end
    local one = {
      name, breaker.failures, moment(breaker.open_until), breaker.opened, moment(breaker.probe),
      breaker.error, moment(breaker.error_at), claimed,
    }
    for _, what in ipairs({ 'delivered', 'lost' }) do
      local key = 'provider:' .. name .. ':' .. what .. ':' .. region
      local counted = region ~= '' and read_counts(reach(key)) or {}
      one[#one + 1] = sum({ bucket = given.bucket }, counted)
    end
    told[#told + 1] = one
  end
  return cjson.encode(told)
end

local function region_of(doc)
  if doc.free then
    return ''
  end
  local region = cjson.decode(doc.payload).region
  return type(region) == 'string' and region or ''
end

-- challenges -----------------------------------------------------------------------------------

local function ending(doc)
  if doc.ended ~= '' then
    return doc.ended
  end
  return now >= tonumber(doc.expires_at) and 'expired' or ''
end

local function forgotten_at(doc)
  return tonumber(doc.ended ~= '' and doc.ended_at or doc.expires_at) + REMEMBERED
end

local function read(id)
  local raw = redis.call('HGET', KEYS[1], id)
  if raw then
    return cjson.decode(raw), raw
  end
end

-- the number's seeds: their names differ from KEYS[1] only behind the hash tag
local function seed_key(id)
  return given.seeds .. id
end

-- a seed lives as long as the code that ends last; a pending one may outlive its challenge
local function keep_seed(doc)
  local last = 0
  for _, generation in ipairs(doc.generations) do
    last = math.max(last, tonumber(generation[2]))
  end
  redis.call('PEXPIRE', seed_key(doc.id), math.ceil((last - now) * 1000))
end

local function write(doc)
  local raw = cjson.encode(doc)
  redis.call('HSET', KEYS[1], doc.id, raw)
  keep(KEYS[1], forgotten_at(doc) - now)
  return raw
end

local function finish(doc, how)
  doc.ended, doc.ended_at = how, moment(now)
  redis.call('DEL', seed_key(doc.id))
end

-- why the challenge cannot be used, as a reply; nothing where it can
local function unusable(doc, binding, purpose)
  if not doc or now >= forgotten_at(doc) then
    return { 'missing' }
  end
  if doc.binding ~= binding or (purpose and doc.purpose ~= purpose) then
    return { 'foreign' }
  end
  if ending(doc) ~= '' then
    return { 'ended', ending(doc) }
  end
end

-- gives back what that news gives back; what is kept elsewhere is returned
-- (with `only`, just the spends of these keys)
local function give_back(doc, news, asked_at, only)
  local kept, elsewhere = {}, {}
  for _, one in ipairs(doc.spends) do
    local key, bucket, cost, refund_on, at = one[1], one[2], one[3], one[4], one[5]
    local share, window = one[6] or '', one[7] or 0
    if news ~= 'success' then
      share = ''
    end
    local due = string.find(' ' .. refund_on .. ' ', ' ' .. news .. ' ', 1, true)
      and (not only or only[key])
    if not due or (asked_at and tonumber(at) ~= asked_at) then
      kept[#kept + 1] = one
    elseif string.sub(key, 1, 1) == '{' then
      take_back(given.prefix .. key, bucket, cost)
    elseif given.shared ~= '' then
      take_back(given.shared .. key, bucket, cost)
      if share ~= '' then
        credit(given.shared .. share, bucket, cost, window)
      end
    else
      elsewhere[#elsewhere + 1] = { key, bucket, cost, share, window }
    end
  end
  doc.spends = kept
  return cjson.encode(elsewhere)
end

-- what of the number's budgets (those that `names` holds) is reserved for messages that nobody has
-- told anything of in time
local function lapse(doc, names)
  local kept = {}
  for _, one in ipairs(doc.spends) do
    local key = one[1]
    local due = string.find(' ' .. one[4] .. ' ', ' failure ', 1, true)
      and now >= tonumber(one[5]) + RESERVED
    if due and names[key] and string.sub(key, 1, 1) == '{' then
      take_back(given.prefix .. key, one[2], one[3])
    else
      kept[#kept + 1] = one
    end
  end
  local changed = #kept < #doc.spends
  doc.spends = kept
  return changed
end

-- the message of that moment, or every one, is no reservation any more
local function keep_for_good(doc, asked_at)
  local kept = {}
  for _, one in ipairs(doc.spends) do
    if not asked_at or tonumber(one[5]) == asked_at then
      local words = string.gsub(' ' .. one[4] .. ' ', ' failure ', ' ')
      one[4] = string.match(words, '^%s*(.-)%s*$')
    end
    if one[4] ~= '' then
      kept[#kept + 1] = one
    end
  end
  doc.spends = kept
end

local function issued(doc, resend_in, job, paid, lane, told)
  return { 'issued', doc, resend_in, job, paid, lane, told }
end

local function refusal(rules, longest)
  return { 'refusal', rules[1], longest }
end

-- the message is paid for and asked for; the challenge remembers what it cost, and whom
local function pay(doc, price, shared_too)
  for _, charge in ipairs(price.charges) do
    if charge.cost > 0 and charge.refund_on then
      local share = charge.share_key
      doc.spends[#doc.spends + 1] = {
        charge.name, newest_bucket(charge), charge.cost, charge.refund_on, moment(now),
        share or '', share and charge.window or 0,
      }
    end
  end
  doc.lane = price.stand.lane
  for _, charge in ipairs(price.charges) do
    if charge.key and charge.cost > 0 then
      spend(charge)
    end
  end
  for _, cooldown in ipairs(price.cooldowns) do
    if cooldown.key then
      cool(cooldown)
    end
  end
  local _, longest = waits(price, 0, true)
  return issued(write(doc), longest, 1, shared_too, price.stand.lane, levels(price.charges))
end

-- whether the newest code has enough time left to be sent once more
local function lasts(doc)
  local left = tonumber(doc.generations[#doc.generations][2]) - now
  return left >= math.max(REPEAT_FLOOR, REPEAT_SHARE * doc.code_ttl)
end

local function send_again(doc, price, device, shared_too)
  if not lasts(doc) then
    local newest = doc.generations[#doc.generations]
    local kept = {}
    if newest[3] == '' then -- nothing of the pending one is known to have left: renew it
      for place = 1, #doc.generations - 1 do
        kept[place] = doc.generations[place]
      end
    else
      for _, generation in ipairs(doc.generations) do
        if tonumber(generation[2]) > now then
          kept[#kept + 1] = generation
        end
      end
      while #kept > MAX_LIVE_CODES - 1 do
        table.remove(kept, 1)
      end
    end
    kept[#kept + 1] = { newest[1] + 1, moment(now + doc.code_ttl), '' }
    doc.generations = kept
    keep_seed(doc)
  end
  doc.asked_at, doc.delivery, doc.reason = moment(now), 'queued', ''
  doc.device = price.stand.lane == 'device' and device or ''
  return pay(doc, price, shared_too)
end
