-- Puts a hold on, or notes that what it is about was refused again. Answers 1 where this put it on, also when the
-- client asks again since the answer was lost.
-- KEYS: holds, probe
-- ARGV: word, now, sentence, what was refused, who asks, probe ms
local since, by = tonumber(ARGV[2]), ARGV[5]
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old then
  local entry = cjson.decode(old)
  since, by = entry[1], entry[5] or ''
end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({since, ARGV[3], ARGV[4], tonumber(ARGV[2]), by}))
redis.call('SET', KEYS[2], '1', 'PX', ARGV[6])
return by == ARGV[5] and 1 or 0
