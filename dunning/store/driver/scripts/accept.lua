-- Takes in events that came together: notes each, and queues one job for all that are to be handled. Answers what became
-- of each, in order. After the first keys and arguments, each event has four keys and six arguments of its own.
local inbox, dead, queue, job_key = unpack(KEYS)
local now_ms, job_id, payload_before_ids, payload_after_ids, keep_payload_ms, keep_mark_ms = unpack(ARGV)

-- `guard` is the case, or the customer's open cases: see `guard_kind`. `end_mark` is '' for an event that opens a case.
local function take_in(event, mark, guard, stopped, event_id, event_json, end_mark, occurred_at_ms,
    shows_failed_attempt, guard_kind)
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
  return seen and 'requeued' or 'accepted'
end

local answers, taken = {}, {}
for i = 1, #KEYS / 4 - 1 do
  local first_key, first_argument = 4 * i + 1, 6 * i + 1
  local event, mark, guard, stopped = unpack(KEYS, first_key, first_key + 3)
  answers[i] = take_in(event, mark, guard, stopped, unpack(ARGV, first_argument, first_argument + 5))
  if answers[i] == 'accepted' or answers[i] == 'requeued' then
    table.insert(taken, ARGV[first_argument])
  end
end
if #taken > 0 then
  local payload = payload_before_ids .. table.concat(taken, '","') .. payload_after_ids
  redis.call('SET', job_key, payload, 'PX', keep_payload_ms)
  -- arq goes by real time: a sender whose clock is ahead must not keep the job waiting.
  local time = redis.call('TIME')
  redis.call('ZADD', queue, math.min(now_ms, time[1] * 1000 + math.floor(time[2] / 1000)), job_id)
end
return answers
