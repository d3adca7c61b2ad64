-- On a Cluster: what an ask costs beside its number, paid if all of it fits (and `pay` is set).
-- Whether the number is known is told where it is kept: the waits are found for both, and what
-- fits a known number is paid.

local price = given.price
local both = { {}, {} }
for place, charge in ipairs(price.charges) do
  counts_of(charge) -- shared by the copies
  for variant = 1, 2 do
    local copy = {}
    for name, value in pairs(charge) do
      copy[name] = value
    end
    judge_limit(copy, variant == 2)
    both[variant][place] = copy
  end
end

local function found()
  local seconds = { charges = {}, cooldowns = {} }
  for place in ipairs(price.charges) do
    seconds.charges[place] = { wait(both[1][place]), wait(both[2][place]) }
  end
  for place, cooldown in ipairs(price.cooldowns) do
    local held = cooling(cooldown)
    seconds.cooldowns[place] = { held, held }
  end
  return seconds
end

local before, former, paid = found(), {}, given.pay
for _, seconds in pairs(before) do
  for _, one in ipairs(seconds) do
    paid = paid and one[2] == 0
  end
end
if paid then
  for _, charge in ipairs(both[2]) do
    if charge.cost > 0 then
      spend(charge)
    end
  end
  for place, cooldown in ipairs(price.cooldowns) do
    local state = state_of(cooldown)
    former[place] = { state.step, moment(state.held), moment(state.at) }
    cool(cooldown)
  end
end
local told = cjson.encode({ paid = paid, before = before, after = found(), former = former })
return { told, levels(both[2]) }
