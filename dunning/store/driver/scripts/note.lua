-- Adds a line to the story of a case that is itself unchanged. A case that is gone stays gone.
local case, story = unpack(KEYS)
local line = unpack(ARGV)

local left_ms = redis.call('PTTL', case)
if left_ms == -2 then
  return
end
redis.call('RPUSH', story, line)
if left_ms > 0 then
  redis.call('PEXPIRE', story, left_ms)
end
