-- Keeps an event as dead: one that is malformed, or one whose handling failed for good.
local event, inbox, dead = unpack(KEYS)
local now_ms, event_id, entry, keep_ms, oldest_kept_ms, is_new = unpack(ARGV)

local seen = redis.call('GET', event)
local pending = seen and string.sub(seen, 1, 1) == 'p'
if is_new == '1' and seen or is_new == '0' and not pending then
  return 'duplicate'
end
redis.call('SET', event, 'd' .. entry, 'PX', keep_ms)
redis.call('ZREM', inbox, event_id)
redis.call('ZADD', dead, now_ms, event_id)
redis.call('ZREMRANGEBYSCORE', dead, '-inf', oldest_kept_ms)
return 'accepted'
