-- Makes a used grant count for so long from now, when its call has been answered.
local api_log = unpack(KEYS)
local used_grant, counts_ms = unpack(ARGV)

local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', api_log, 'XX', clock + counts_ms, used_grant)
return 1
