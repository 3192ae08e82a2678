-- Shares what is new out among the destinations, and queues a job for each that has something due and is not left alone.
-- A job that is queued or runs keeps its place: a destination has one at a time. Forgets what has been dead for long.
-- For each destination there are three keys (when it is told what, whether it is left alone, the payload of its job) and
-- three arguments (its name, its job's id and payload). Answers how many jobs were queued.
local new, events, unsent, dead, queue = unpack(KEYS)
local now_ms, at_most, keep_payload_ms, dead_before_ms = unpack(ARGV)
local destinations = (#ARGV - 4) / 3

local old = redis.call('ZRANGEBYSCORE', dead, '-inf', dead_before_ms, 'LIMIT', 0, at_most)
if #old > 0 then
  redis.call('HDEL', events, unpack(old))
  redis.call('ZREM', dead, unpack(old))
end
if destinations == 0 then
  return 0
end
for _, line in ipairs(redis.call('LPOP', new, at_most) or {}) do
  local id, body = string.match(line, '^(%S+) (.*)$')
  for i = 0, destinations - 1 do
    local name = ARGV[5 + 3 * i]
    redis.call('HSET', events, name .. ' ' .. id, '0 ' .. now_ms .. ' \n' .. body)
    redis.call('ZADD', unsent, now_ms, name .. ' ' .. id)
    redis.call('ZADD', KEYS[6 + 3 * i], now_ms, id)
  end
end
-- arq goes by real time: a worker whose clock is ahead must not keep the jobs waiting.
local time = redis.call('TIME')
local queued_at = math.min(now_ms, time[1] * 1000 + math.floor(time[2] / 1000))
local queued = 0
for i = 0, destinations - 1 do
  local due, rest, job_key = KEYS[6 + 3 * i], KEYS[7 + 3 * i], KEYS[8 + 3 * i]
  local job_id, payload = ARGV[6 + 3 * i], ARGV[7 + 3 * i]
  local rests = redis.call('GET', rest)
  if (not rests or rests == 'gone') and redis.call('ZCOUNT', due, '-inf', now_ms) > 0
    and not redis.call('ZSCORE', queue, job_id) then
    redis.call('SET', job_key, payload, 'PX', keep_payload_ms)
    redis.call('ZADD', queue, queued_at, job_id)
    queued = queued + 1
  end
end
return queued
