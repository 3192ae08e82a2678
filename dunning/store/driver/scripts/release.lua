-- Takes off those of the holds that what was just seen to work says something of: it was begun after the last refusal,
-- and shows all that was refused. Answers the words of those that were taken off.
-- KEYS: holds, probe
-- ARGV: when it was begun, what it shows (words between spaces, or * for all there is), the holds' words
local shown = ' ' .. ARGV[2] .. ' '
local released = {}
for i = 3, #ARGV do
  local found = redis.call('HGET', KEYS[1], ARGV[i])
  if found then
    local entry = cjson.decode(found)
    local covered = true
    for word in string.gmatch(entry[3] or '', '%S+') do
      covered = covered and (ARGV[2] == '*' or string.find(shown, ' ' .. word .. ' ', 1, true) ~= nil)
    end
    if covered and (entry[4] or entry[1]) <= tonumber(ARGV[1]) then
      released[#released + 1] = ARGV[i]
    end
  end
end
for _, word in ipairs(released) do
  redis.call('HDEL', KEYS[1], word)
end
if #released > 0 then
  redis.call('DEL', KEYS[2])
end
return released
