-- Makes a grant count from now on for so long: when its call begins, and when it has been answered. Answers 1, or 0 when
-- the grant has lapsed or a hold is on.
-- KEYS: API log, API hold
-- ARGV: grant, ms, whether a hold refuses it ('1')
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not until_ or tonumber(until_) <= clock then
  return 0
end
redis.call('ZADD', KEYS[1], 'XX', clock + ARGV[2], ARGV[1])
return 1
