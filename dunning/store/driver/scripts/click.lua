-- Counts a click on a payment link unless there were too many. Answers 0, or in how many ms the next is allowed.
local clicks = unpack(KEYS)
local now_ms, click_id, hour_ms, most_an_hour, day_ms, most_a_day = unpack(ARGV)

redis.call('ZREMRANGEBYSCORE', clicks, '-inf', now_ms - day_ms)
local wait = 0
for _, limit in ipairs({{hour_ms, most_an_hour}, {day_ms, most_a_day}}) do
  local span, most = tonumber(limit[1]), tonumber(limit[2])
  if redis.call('ZCOUNT', clicks, '(' .. now_ms - span, '+inf') >= most then
    local oldest = redis.call('ZRANGE', clicks, -most, -most, 'WITHSCORES')
    wait = math.max(wait, oldest[2] + span - now_ms)
  end
end
if wait == 0 then
  redis.call('ZADD', clicks, now_ms, click_id)
  redis.call('PEXPIRE', clicks, day_ms)
end
return wait
