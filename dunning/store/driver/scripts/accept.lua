-- Takes an event in: notes it and queues its job, all or nothing. Answers what became of it.
-- `guard` is the case, or the customer's open cases: see `guard_kind`. `end_mark` is '' for an event that opens one.
local event, inbox, dead, job_key, queue, mark, guard, stopped = unpack(KEYS)
local now_ms, event_id, event_json, job_id, payload, keep_payload_ms, keep_mark_ms, end_mark, occurred_at_ms,
  shows_failed_attempt, guard_kind = unpack(ARGV)

local seen = redis.call('GET', event)
if seen and string.sub(seen, 1, 1) ~= 'd' then
  return 'duplicate'
end
if not seen and end_mark ~= '' then
  local touches, marks
  if guard_kind == 'case' then
    local case = redis.call('GET', guard)
    touches = case and not string.find(case, '^%d+ recovered ')
    marks = not case and shows_failed_attempt == '1'
  else
    touches = redis.call('EXISTS', guard, stopped) > 0
    -- Even beside open cases: the failure of another debt may be on its way, from before this end.
    local old = redis.call('GET', mark)
    marks = not old or tonumber(string.match(old, '%d+$')) < tonumber(occurred_at_ms)
  end
  if marks then
    redis.call('SET', mark, end_mark .. ' ' .. occurred_at_ms, 'PX', keep_mark_ms)
  end
  if not touches then
    return 'not_kept'
  end
end
-- No time to live: what was acknowledged is kept until it is handled or dead.
redis.call('SET', event, 'p' .. event_json)
redis.call('ZREM', dead, event_id)
redis.call('ZADD', inbox, now_ms, event_id)
redis.call('SET', job_key, payload, 'PX', keep_payload_ms)
-- arq goes by real time: a sender whose clock is ahead must not keep the job waiting.
local time = redis.call('TIME')
redis.call('ZADD', queue, math.min(now_ms, time[1] * 1000 + math.floor(time[2] / 1000)), job_id)
return seen and 'requeued' or 'accepted'
