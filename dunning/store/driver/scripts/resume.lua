-- Takes a pause off. Answers what it was, or nothing. The breaker, once released, stays off for a while,
-- and from when to when it held is noted: what was opened in those hours is not usual.
-- `told` is written only if there is somebody to tell; `told_of_breaker` in its place where the pause was the breaker's.
local paused, breaker_released, breaker_alarms, out_destinations, out_new = unpack(KEYS)
local field, by_breaker, released_for_ms, now_ms, told, told_of_breaker = unpack(ARGV)

local entry = redis.call('HGET', paused, field)
if entry then
  redis.call('HDEL', paused, field)
  -- Where its sentence begins: inside of one, JSON puts a stroke before the quote.
  if string.find(entry, ', "' .. by_breaker, 1, true) then
    redis.call('SET', breaker_released, '1', 'PX', released_for_ms)
    redis.call('HSET', breaker_alarms, string.match(entry, '%d+'), now_ms)
    told = told_of_breaker
  end
  if redis.call('EXISTS', out_destinations) == 1 then
    redis.call('RPUSH', out_new, told)
  end
end
return entry
