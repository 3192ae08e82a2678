-- Takes an event in: notes it and queues its job, all or nothing. Answers what became of it.
-- KEYS: event, inbox, dead, arq job, arq queue, mark, guard (the case, or the customer's open cases),
--       the subscription's cases that were stopped lately
-- ARGV: now, event id, event JSON, arq job id, arq payload, payload ms to live, mark ms to live,
--       what its end marks ('' for one that opens), when it happened, whether it shows a failed attempt ('1'), guard kind
local seen = redis.call('GET', KEYS[1])
if seen and string.sub(seen, 1, 1) ~= 'd' then
  return 'duplicate'
end
if not seen and ARGV[8] ~= '' then
  local touches, marks
  if ARGV[11] == 'case' then
    local case = redis.call('GET', KEYS[7])
    touches = case and not string.find(case, '^%d+ recovered ')
    marks = not case and ARGV[10] == '1'
  else
    touches = redis.call('EXISTS', KEYS[7], KEYS[8]) > 0
    -- Even beside open cases: the failure of another debt may be on its way, from before this end.
    local old = redis.call('GET', KEYS[6])
    marks = not old or tonumber(string.match(old, '%d+$')) < tonumber(ARGV[9])
  end
  if marks then
    redis.call('SET', KEYS[6], ARGV[8] .. ' ' .. ARGV[9], 'PX', ARGV[7])
  end
  if not touches then
    return 'not_kept'
  end
end
-- No time to live: what was acknowledged is kept until it is handled or dead.
redis.call('SET', KEYS[1], 'p' .. ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[2])
redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6])
-- arq goes by real time: a sender whose clock is ahead must not keep the job waiting.
local time = redis.call('TIME')
redis.call('ZADD', KEYS[5], math.min(ARGV[1], time[1] * 1000 + math.floor(time[2] / 1000)), ARGV[4])
return seen and 'requeued' or 'accepted'
