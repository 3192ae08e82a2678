-- Reserves API calls if the budget has room for all of them. Answers 1 or 0.
-- KEYS: API log, API hold
-- ARGV: budget, grant ms, the grants
if redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', clock)
if redis.call('ZCARD', KEYS[1]) + #ARGV - 2 > tonumber(ARGV[1]) then
  return 0
end
for i = 3, #ARGV do
  redis.call('ZADD', KEYS[1], clock + ARGV[2], ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], 300000)
return 1
