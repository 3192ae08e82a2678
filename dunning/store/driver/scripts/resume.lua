-- Takes a pause off. Answers what it was, or nothing. The breaker, once released, stays off for a while,
-- and from when to when it held is noted: what was opened in those hours is not usual.
-- KEYS: paused, breaker released, breaker's alarms
-- ARGV: field, how a pause of the breaker's begins, ms for which it stays off, now
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if entry then
  redis.call('HDEL', KEYS[1], ARGV[1])
  -- Where its sentence begins: inside of one, JSON puts a stroke before the quote.
  if string.find(entry, ', "' .. ARGV[2], 1, true) then
    redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
    redis.call('HSET', KEYS[3], string.match(entry, '%d+'), ARGV[4])
  end
end
return entry
