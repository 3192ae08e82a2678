-- Lets go of a dead event: what of it comes again is a duplicate, for as long as of one that was handled. Answers
-- whether it was dead.
local event, dead = unpack(KEYS)
local event_id, keep_ms = unpack(ARGV)

local seen = redis.call('GET', event)
if not seen or string.sub(seen, 1, 1) ~= 'd' then
  return 0
end
redis.call('SET', event, 'h', 'PX', keep_ms)
redis.call('ZREM', dead, event_id)
return 1
