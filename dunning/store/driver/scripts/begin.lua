-- Uses a grant for the one call it is good for: a job that runs again must not call again on the same grant.
-- Answers 1, or 0 when it was used or has lapsed, or a hold is on.
-- KEYS: API log, API hold
-- ARGV: grant, used grant, ms it counts from now on
if redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not until_ or tonumber(until_) <= clock then
  return 0
end
redis.call('ZADD', KEYS[1], clock + ARGV[3], ARGV[2])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
