-- Takes off those of the holds that what was just seen to work says something of: it was begun after the last refusal,
-- and shows all that was refused. Answers the words of those that were taken off.
-- `shows` is words between spaces, or * for all there is.
local holds, probe = unpack(KEYS)
local began_at_ms, shows = unpack(ARGV)
local hold_words = {unpack(ARGV, 3)}

local shown = ' ' .. shows .. ' '
local released = {}
for _, hold_word in ipairs(hold_words) do
  local found = redis.call('HGET', holds, hold_word)
  if found then
    local entry = cjson.decode(found)
    local covered = true
    for word in string.gmatch(entry[3] or '', '%S+') do
      covered = covered and (shows == '*' or string.find(shown, ' ' .. word .. ' ', 1, true) ~= nil)
    end
    if covered and (entry[4] or entry[1]) <= tonumber(began_at_ms) then
      released[#released + 1] = hold_word
    end
  end
end
for _, hold_word in ipairs(released) do
  redis.call('HDEL', holds, hold_word)
end
if #released > 0 then
  redis.call('DEL', probe)
end
return released
