-- Puts a pause on, unless it is on already: the first reason stays. Answers 1 where this put it on.
-- `told` is written only if there is somebody to tell.
local paused, out_destinations, out_new = unpack(KEYS)
local field, entry, told = unpack(ARGV)

local new = redis.call('HSETNX', paused, field, entry)
if new == 1 and redis.call('EXISTS', out_destinations) == 1 then
  redis.call('RPUSH', out_new, told)
end
return new
