-- Writes what came of telling a destination something: it has got it ('told'), it is tried again ('again', or 'replayed'
-- where no try failed), it is given up ('dead'), or let go of ('dropped'). What was deleted meanwhile stays deleted.
-- Answers 1 where it was there. `entry` and `at_ms` are of no matter where it has got it, or it is dropped.
local events, unsent, due, dead, counts = unpack(KEYS)
local destination, id, outcome, entry, at_ms = unpack(ARGV)

local field = destination .. ' ' .. id
if redis.call('HEXISTS', events, field) == 0 then
  return 0
end
redis.call('ZREM', dead, field)
if outcome == 'again' or outcome == 'dead' then
  redis.call('HINCRBY', counts, 'out_webhooks_failed', 1)
end
if outcome == 'again' or outcome == 'replayed' then
  redis.call('HSET', events, field, entry)
  redis.call('ZADD', unsent, 'NX', at_ms, field)
  redis.call('ZADD', due, at_ms, id)
  return 1
end
redis.call('ZREM', unsent, field)
redis.call('ZREM', due, id)
if outcome == 'dead' then
  redis.call('HSET', events, field, entry)
  redis.call('ZADD', dead, at_ms, field)
else
  redis.call('HDEL', events, field)
  if outcome == 'told' then
    redis.call('HINCRBY', counts, 'out_webhooks_delivered', 1)
  end
end
return 1
