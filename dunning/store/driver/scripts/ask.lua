-- Reserves API calls if the budget has room for all of them. Answers 1 or 0.
local api_log, api_hold = unpack(KEYS)
local budget, grant_ms = unpack(ARGV)
local grants = {unpack(ARGV, 3)}

if redis.call('EXISTS', api_hold) == 1 then
  return 0
end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', api_log, '-inf', clock)
if redis.call('ZCARD', api_log) + #grants > tonumber(budget) then
  return 0
end
for _, grant in ipairs(grants) do
  redis.call('ZADD', api_log, clock + grant_ms, grant)
end
redis.call('PEXPIRE', api_log, 300000)
return 1
