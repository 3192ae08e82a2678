-- Puts cases of a paused campaign out of the sweep's way: looked at again a while later, or as soon as it is resumed.
-- Answers 1, or 0 where the campaign is not paused any more, and then changes nothing.
local paused, parked, due, late = unpack(KEYS)
local campaign, until_ms = unpack(ARGV)
local case_ids = {unpack(ARGV, 3)}

if redis.call('HEXISTS', paused, campaign) == 0 then
  return 0
end
for _, case_id in ipairs(case_ids) do
  redis.call('ZADD', due, 'XX', until_ms, case_id)
  redis.call('ZREM', late, case_id)
  redis.call('SADD', parked, case_id)
end
return 1
