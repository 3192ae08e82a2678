-- Notes that a process lives, and whether its clock is off, both by Redis' own time. A role that was never noted counts
-- from now on: so one that is never started is missed too.
local beats, clocks_off = unpack(KEYS)
local role, process, is_off, forget_ms = unpack(ARGV)
local roles = {unpack(ARGV, 5)}

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', beats, role, now_ms)
for _, other in ipairs(roles) do
  redis.call('HSETNX', beats, other, now_ms)
end
if is_off == '1' then
  redis.call('ZADD', clocks_off, now_ms, process)
else
  redis.call('ZREM', clocks_off, process)
end
redis.call('ZREMRANGEBYSCORE', clocks_off, '-inf', now_ms - forget_ms)
return 'OK'
