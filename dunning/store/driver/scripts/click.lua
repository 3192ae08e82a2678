-- Counts a click on a payment link unless there were too many. Answers 0, or in how many ms the next is allowed.
-- KEYS: clicks
-- ARGV: now, this click, an hour of ms, clicks an hour, a day of ms, clicks a day
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[5])
local wait = 0
for _, limit in ipairs({{ARGV[3], ARGV[4]}, {ARGV[5], ARGV[6]}}) do
  local span, most = tonumber(limit[1]), tonumber(limit[2])
  if redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1] - span, '+inf') >= most then
    local oldest = redis.call('ZRANGE', KEYS[1], -most, -most, 'WITHSCORES')
    wait = math.max(wait, oldest[2] + span - ARGV[1])
  end
end
if wait == 0 then
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
return wait
