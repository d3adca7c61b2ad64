-- How the providers of each region's route stand; with `claim` a probe that is due is taken.

local told = {}
for place, region in ipairs(given.regions) do
  told[place] = standings(region, given.claim)
end
return told
