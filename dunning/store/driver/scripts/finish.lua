-- Makes a used grant count for so long from now, when its call has been answered.
-- KEYS: API log
-- ARGV: used grant, ms it counts from now on
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], 'XX', clock + ARGV[2], ARGV[1])
return 1
