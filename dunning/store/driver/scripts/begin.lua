-- Uses a grant for the one call it is good for: a job that runs again must not call again on the same grant.
-- Answers 1, or 0 when it was used or has lapsed, or a hold is on.
local api_log, api_hold = unpack(KEYS)
local grant, used_grant, counts_ms = unpack(ARGV)

if redis.call('EXISTS', api_hold) == 1 then
  return 0
end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ = redis.call('ZSCORE', api_log, grant)
if not until_ or tonumber(until_) <= clock then
  return 0
end
redis.call('ZADD', api_log, clock + counts_ms, used_grant)
redis.call('ZREM', api_log, grant)
return 1
