-- Queues again the jobs of events that nobody has handled in time. One that is still queued keeps its place and its
-- time: it waits its turn, or for its next try. Answers how many had lost theirs.
-- KEYS: inbox, arq queue
-- ARGV: now, handed in before, how many at most, prefix of arq's job keys, prefix of job ids, payload around the id (2),
--       payload ms to live
local late = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
local lost = 0
for _, event in ipairs(late) do
  local job = ARGV[5] .. event
  redis.call('SET', ARGV[4] .. job, ARGV[6] .. event .. ARGV[7], 'PX', ARGV[8])
  lost = lost + redis.call('ZADD', KEYS[2], 'NX', ARGV[1], job)
  redis.call('ZADD', KEYS[1], ARGV[1], event)
end
return lost
