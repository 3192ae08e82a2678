-- Puts cases of a paused campaign out of the sweep's way: looked at again a while later, or as soon as it is resumed.
-- Answers 1, or 0 where the campaign is not paused any more, and then changes nothing.
-- KEYS: paused, the campaign's parked cases, due, late
-- ARGV: campaign, due at, the cases
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
for i = 3, #ARGV do
  redis.call('ZADD', KEYS[3], 'XX', ARGV[2], ARGV[i])
  redis.call('ZREM', KEYS[4], ARGV[i])
  redis.call('SADD', KEYS[2], ARGV[i])
end
return 1
