-- Write down what became of the message; a known failure gives back what it cost.

local doc = read(given.id)
if not doc then
  return { 'gone', '{}' }
end
for _, run in ipairs(doc.runs or {}) do
  if tonumber(run[1]) == given.asked_at then
    run[3] = 1
  end
end
local failed = given.outcome == 'failed'
local elsewhere = '{}'
if failed and not doc.free then
  elsewhere = give_back(doc, 'failure', given.asked_at)
  for _, charge in ipairs(given.failures) do
    if not charge.lane or charge.lane == lane_of(doc) then
      spend(charge)
    end
  end
  for _, cooldown in ipairs(given.cooldowns) do
    uncool(cooldown, given.asked_at)
  end
end

local paid = given.outcome == 'accepted' and not doc.free
if paid and #given.unpaid > 0 then
  local only = {}
  for _, key in ipairs(given.unpaid) do
    only[key] = true
  end
  elsewhere = give_back(doc, 'failure', given.asked_at, only)
end
if paid then
  for _, charge in ipairs(given.extra) do
    spend(charge)
  end
end
if not failed then
  keep_for_good(doc, given.asked_at)
end
for _, news in ipairs(given.news) do
  note(news)
end

local newest = tonumber(doc.asked_at) == given.asked_at
if doc.ended == '' and failed and newest and given.reason == BUSY
  and tonumber(doc.created_at) == given.asked_at then
  finish(doc, 'expired') -- nobody knows of it: its asker got no id
elseif doc.ended == '' and failed and newest then
  -- where a newer message is under way, its own job will tell: it may carry the same code
  local kept = {}
  for _, generation in ipairs(doc.generations) do
    if generation[1] ~= given.generation or generation[3] ~= '' then
      kept[#kept + 1] = generation
    end
  end
  doc.generations, doc.delivery, doc.reason = kept, 'failed', given.reason
elseif doc.ended == '' and not failed then
  local last = 0
  for _, generation in ipairs(doc.generations) do
    if generation[1] == given.generation and generation[3] == '' then
      generation[3] = given.digest
    end
    if generation[3] ~= '' then
      last = math.max(last, tonumber(generation[2]))
    end
  end
  doc.expires_at = moment(last)
  if given.vendor_id ~= '' and (newest or (doc.vendor_id or '') == '') then
    doc.vendor_id = given.vendor_id
  end
  if newest then
    -- a receipt may be quicker than the answer that it follows
    local early = AFTER_SENT[doc.delivery]
    doc.reason = early and doc.reason or ''
    if given.outcome == 'withheld' then
      doc.delivery = 'withheld'
    elseif not early then
      doc.delivery = 'sent'
    end
  end
end
keep_seed(doc)
write(doc)
local what = failed and not doc.free and 'failed' or paid and 'paid' or 'done'
return { what, elsewhere }
