-- Queues again the jobs of events that nobody has handled in time. One that is still queued keeps its place and its
-- time: it waits its turn, or for its next try. Answers how many had lost theirs.
-- A mark is arq's, on a job that runs. One with less than `run_over_ms` left is of a run that must be over.
local inbox, queue = unpack(KEYS)
local now_ms, queued_by_ms, at_most, job_key_prefix, job_id_prefix, payload_before_id, payload_after_id,
  keep_payload_ms, mark_key_prefix, run_over_ms = unpack(ARGV)

local late = redis.call('ZRANGEBYSCORE', inbox, '-inf', queued_by_ms, 'LIMIT', 0, at_most)
-- arq goes by real time: a sender whose clock is ahead must not keep the jobs waiting.
local time = redis.call('TIME')
local queued_at = math.min(now_ms, time[1] * 1000 + math.floor(time[2] / 1000))
local lost = 0
for _, event_id in ipairs(late) do
  local job_id = job_id_prefix .. event_id
  redis.call('SET', job_key_prefix .. job_id, payload_before_id .. event_id .. payload_after_id, 'PX', keep_payload_ms)
  lost = lost + redis.call('ZADD', queue, 'NX', queued_at, job_id)
  redis.call('ZADD', inbox, now_ms, event_id)
  -- A run that lost its worker, or that arq never began since Redis' answer was lost, would keep the job for a minute.
  local left_ms = redis.call('PTTL', mark_key_prefix .. job_id)
  if left_ms > 0 and left_ms < tonumber(run_over_ms) then
    redis.call('DEL', mark_key_prefix .. job_id)
  end
end
return lost
