-- Keeps an event as dead: one that was never shaped to be handled, or one whose handling failed for good.
-- KEYS: event, inbox, dead
-- ARGV: now, event id, entry, ms to live, the oldest dead to keep, whether it is new to us ('1')
local seen = redis.call('GET', KEYS[1])
local pending = seen and string.sub(seen, 1, 1) == 'p'
if ARGV[6] == '1' and seen or ARGV[6] == '0' and not pending then
  return 'duplicate'
end
redis.call('SET', KEYS[1], 'd' .. ARGV[3], 'PX', ARGV[4])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[5])
return 'accepted'
