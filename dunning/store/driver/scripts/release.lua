-- Takes off those of the holds that what was just seen to work says something of: it was begun after the last refusal,
-- and shows all that was refused. Answers the words of those that were taken off.
-- `shows` is words between spaces, or * for all there is. Each word is followed by what is told when it is taken off,
-- which is written only if there is somebody to tell.
local holds, probe, out_destinations, out_new = unpack(KEYS)
local began_at_ms, shows = unpack(ARGV)
local hold_words, told = {}, {}
for i = 3, #ARGV, 2 do
  hold_words[#hold_words + 1] = ARGV[i]
  told[ARGV[i]] = ARGV[i + 1]
end

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
  if redis.call('EXISTS', out_destinations) == 1 then
    redis.call('RPUSH', out_new, told[hold_word])
  end
end
if #released > 0 then
  redis.call('DEL', probe)
end
return released
