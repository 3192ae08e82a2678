-- Adds a line to the story of a case that is itself unchanged. A case that is gone stays gone.
-- What is told to the seller's programs comes last, and is written only if there is somebody to tell.
local case, story, out_destinations, out_new = unpack(KEYS)
local line = unpack(ARGV)
local told = {unpack(ARGV, 2)}

local left_ms = redis.call('PTTL', case)
if left_ms == -2 then
  return
end
redis.call('RPUSH', story, line)
if left_ms > 0 then
  redis.call('PEXPIRE', story, left_ms)
end
if #told > 0 and redis.call('EXISTS', out_destinations) == 1 then
  redis.call('RPUSH', out_new, unpack(told))
end
