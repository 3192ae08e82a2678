-- Tries what `accept.lua` does, on keys of the same patterns, and leaves nothing behind. Whatever is refused, the rest
-- is tidied up; the answer is the first error, or OK.
local inbox, dead, queue, job_key, event, mark, guard, stopped, pulse = unpack(KEYS)
local now_ms, event_id, job_id, keep_ms = unpack(ARGV)

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
try('SET', event, 'h', 'PX', keep_ms)
try('SET', pulse, now_ms)
try('GET', event)
try('GET', mark)
try('GET', guard)
try('EXISTS', guard, stopped)
try('SET', mark, 'paid 0', 'PX', keep_ms)
try('SET', job_key, '', 'PX', keep_ms)
try('ZREM', dead, event_id)
try('ZADD', inbox, now_ms, event_id)
try('ZADD', queue, now_ms, job_id)
try('TIME')
-- Not refused for what may not be tidied up: accepting needs no DEL, and what is left has a time to live.
redis.pcall('DEL', event, job_key, mark)
try('ZREM', inbox, event_id)
try('ZREM', queue, job_id)
return refused or 'OK'
