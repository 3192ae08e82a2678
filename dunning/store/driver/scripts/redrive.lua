-- Queues again the jobs of events that nobody has handled in time. One that is still queued keeps its place and its
-- time: it waits its turn, or for its next try. Answers how many had lost theirs.
-- KEYS: inbox, arq queue
-- ARGV: now, handed in before, how many at most, prefix of arq's job keys, prefix of job ids, payload around the id (2),
--       payload ms to live, prefix of arq's marks of running jobs, what is left of a mark whose run must be over
local late = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
-- arq goes by real time: a sender whose clock is ahead must not keep the jobs waiting.
local time = redis.call('TIME')
local queued_at = math.min(ARGV[1], time[1] * 1000 + math.floor(time[2] / 1000))
local lost = 0
for _, event in ipairs(late) do
  local job = ARGV[5] .. event
  redis.call('SET', ARGV[4] .. job, ARGV[6] .. event .. ARGV[7], 'PX', ARGV[8])
  lost = lost + redis.call('ZADD', KEYS[2], 'NX', queued_at, job)
  redis.call('ZADD', KEYS[1], ARGV[1], event)
  -- A run that lost its worker, or that arq never began since Redis' answer was lost, would keep the job for a minute.
  local left = redis.call('PTTL', ARGV[9] .. job)
  if left > 0 and left < tonumber(ARGV[10]) then
    redis.call('DEL', ARGV[9] .. job)
  end
end
return lost
