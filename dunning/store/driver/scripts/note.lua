-- Adds a line to the story of a case that is itself unchanged. A case that is gone stays gone.
-- KEYS: case, story
-- ARGV: the line
local left = redis.call('PTTL', KEYS[1])
if left == -2 then
  return
end
redis.call('RPUSH', KEYS[2], ARGV[1])
if left > 0 then
  redis.call('PEXPIRE', KEYS[2], left)
end
