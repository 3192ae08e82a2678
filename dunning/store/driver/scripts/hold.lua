-- Puts a hold on, or notes that what it is about was refused again. Answers 1 where this put it on, also when the
-- client asks again since the answer was lost.
local holds, probe = unpack(KEYS)
local word, now_ms, sentence, about, asked_by, probe_ms = unpack(ARGV)

local since, by = tonumber(now_ms), asked_by
local old = redis.call('HGET', holds, word)
if old then
  local entry = cjson.decode(old)
  since, by = entry[1], entry[5] or ''
end
redis.call('HSET', holds, word, cjson.encode({since, sentence, about, tonumber(now_ms), by}))
redis.call('SET', probe, '1', 'PX', probe_ms)
return by == asked_by and 1 or 0
