-- Puts a hold on, or notes that what it is about was refused again. Answers 1 where this put it on, also when the
-- client asks again since the answer was lost. `told` is written only if there is somebody to tell.
local holds, probe, out_destinations, out_new = unpack(KEYS)
local word, now_ms, sentence, about, asked_by, probe_ms, told = unpack(ARGV)

local since, by = tonumber(now_ms), asked_by
local old = redis.call('HGET', holds, word)
if old then
  local entry = cjson.decode(old)
  since, by = entry[1], entry[5] or ''
elseif redis.call('EXISTS', out_destinations) == 1 then
  redis.call('RPUSH', out_new, told)
end
redis.call('HSET', holds, word, cjson.encode({since, sentence, about, tonumber(now_ms), by}))
redis.call('SET', probe, '1', 'PX', probe_ms)
return by == asked_by and 1 or 0
