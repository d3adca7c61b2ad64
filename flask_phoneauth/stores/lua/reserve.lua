-- On a Cluster: what an ask costs beside its number, paid if all of it fits (and `pay` is set).

local price = given.price
local function found()
  local seconds = { charges = {}, cooldowns = {} }
  for place, charge in ipairs(price.charges) do
    seconds.charges[place] = wait(charge)
  end
  for place, cooldown in ipairs(price.cooldowns) do
    seconds.cooldowns[place] = cooling(cooldown)
  end
  return seconds
end

local before, former, paid = found(), {}, given.pay
for _, seconds in pairs(before) do
  for _, one in ipairs(seconds) do
    paid = paid and one == 0
  end
end
if paid then
  for _, charge in ipairs(price.charges) do
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
return cjson.encode({ paid = paid, before = before, after = found(), former = former })
