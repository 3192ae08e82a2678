-- Takes these ids, a JSON list, out of the audit list: who changed something and when stays, what it was about is gone.
-- Answers of how many changes.
local audit = unpack(KEYS)
local ids = unpack(ARGV)

local gone, found = {}, 0
for _, id in ipairs(cjson.decode(ids)) do
  gone[id] = true
end
for place, kept in ipairs(redis.call('LRANGE', audit, 0, -1)) do
  local change = cjson.decode(kept)
  if gone[change[5]] then
    change[5] = ''
    redis.call('LSET', audit, place - 1, cjson.encode(change))
    found = found + 1
  end
end
return found
