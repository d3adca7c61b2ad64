-- Write down what became of the message; a known failure gives back what it cost.

local doc = read(given.id)
if not doc then
  return { 'gone' }
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

local newest = tonumber(doc.asked_at) == given.asked_at
if doc.ended == '' and failed and newest then
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
return { failed and not doc.free and 'failed' or 'done', elsewhere }
