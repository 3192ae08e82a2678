-- Queues events by themselves: those named, or if none is, those that nobody handled in time and that lost their job.
-- One that is queued by itself already keeps its place and its time: it waits its turn, or for its next try. Answers how
-- many had no such job.
-- arq takes the job with the lowest score first, and an event comes in no earlier than its job is queued. So an event
-- from before the first job that waits or runs has none. Scores up to `ahead_until` are not of jobs of events.
-- A mark is arq's, on a job that runs. One with less than `run_over_ms` left is of a run that must be over.
local inbox, queue = unpack(KEYS)
local now_ms, queued_by_ms, at_most, ahead_until, job_key_prefix, job_id_prefix, payload_before_id, payload_after_id,
  keep_payload_ms, mark_key_prefix, run_over_ms = unpack(ARGV)
local events = {unpack(ARGV, 12)}

-- arq goes by real time: a sender whose clock is ahead must not keep the jobs waiting.
local time = redis.call('TIME')
local queued_at = math.min(now_ms, time[1] * 1000 + math.floor(time[2] / 1000))
if #events == 0 then
  -- A run that lost its worker, or that arq never began since Redis' answer was lost, would keep the job for a minute.
  for _, job_id in ipairs(redis.call('ZRANGEBYSCORE', queue, '(' .. ahead_until, queued_by_ms, 'LIMIT', 0, at_most)) do
    local left_ms = redis.call('PTTL', mark_key_prefix .. job_id)
    if left_ms > 0 and left_ms < tonumber(run_over_ms) then
      redis.call('DEL', mark_key_prefix .. job_id)
    end
  end
  local first = redis.call('ZRANGEBYSCORE', queue, '(' .. ahead_until, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  local before = queued_by_ms
  if first and tonumber(first) <= tonumber(queued_by_ms) then
    before = '(' .. first
  end
  events = redis.call('ZRANGEBYSCORE', inbox, '-inf', before, 'LIMIT', 0, at_most)
end
local lost = 0
for _, event_id in ipairs(events) do
  if redis.call('ZSCORE', inbox, event_id) then
    local job_id = job_id_prefix .. event_id
    local payload = payload_before_id .. event_id .. payload_after_id
    redis.call('SET', job_key_prefix .. job_id, payload, 'PX', keep_payload_ms)
    lost = lost + redis.call('ZADD', queue, 'NX', queued_at, job_id)
    redis.call('ZADD', inbox, now_ms, event_id)
  end
end
return lost
