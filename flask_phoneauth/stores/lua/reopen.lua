-- Give a right code back whose user could not be made; without seed, so no resend.

local doc = read(given.id)
if doc and doc.ended == 'used' and now < tonumber(doc.expires_at) then
  doc.ended, doc.ended_at, doc.led_to = '', '0', ''
  write(doc)
end
return 'OK'
