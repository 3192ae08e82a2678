-- Tries what `accept.lua` does, on keys of the same patterns, and leaves nothing behind. Whatever is refused, the rest is
-- tidied up; the answer is the first error, or OK.
-- KEYS: as `accept.lua` has them, then the pulse
-- ARGV: now, event id, arq job id, ms to live
local refused
local function try(...)
  local answer = redis.pcall(...)
  if not refused and type(answer) == 'table' and answer.err then
    refused = answer
    -- Of a command that its user may not run, a script is not told which.
    if string.find(answer.err, "can't run this command", 1, true) or string.find(answer.err, 'ACL failure', 1, true) then
      refused = {err = "NOPERM this user has no permissions to run the '" .. string.lower((...)) .. "' command"}
    end
  end
end
-- As there, the first write is one that a Redis out of memory refuses: after any other, the rest is let through.
try('SET', KEYS[1], 'h', 'PX', ARGV[4])
try('SET', KEYS[9], ARGV[1])
try('GET', KEYS[1])
try('GET', KEYS[6])
try('GET', KEYS[7])
try('EXISTS', KEYS[7], KEYS[8])
try('SET', KEYS[6], 'paid 0', 'PX', ARGV[4])
try('SET', KEYS[4], '', 'PX', ARGV[4])
try('ZREM', KEYS[3], ARGV[2])
try('ZADD', KEYS[2], ARGV[1], ARGV[2])
try('ZADD', KEYS[5], ARGV[1], ARGV[3])
try('TIME')
-- Not refused for what may not be tidied up: accepting needs no DEL, and what is left has a time to live.
redis.pcall('DEL', KEYS[1], KEYS[4], KEYS[6])
try('ZREM', KEYS[2], ARGV[2])
try('ZREM', KEYS[5], ARGV[3])
return refused or 'OK'
