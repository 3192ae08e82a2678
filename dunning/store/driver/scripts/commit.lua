-- Writes a case if nobody wrote it since it was read: case, due index, open cases, story, counters and, where an event
-- brought it about, that the event is handled. If it ends an open case, the customer's other open cases are looked at at
-- once. Answers the new revision, 0 on a conflict, -1 when a mark says that what was to be opened had already ended.
-- `revision_read` is 0 where there was no case. These may be '': `due_at_ms` for never, `keep_ms` while it is open,
-- `event_id`, `list` and `late_since_ms` for none, `opened_by_ms` where nothing is opened, `hour` where it counts in none. What
-- it adds to the sums of days is in threes: which of the keys behind the fixed ones, from 0, the field, and how much. What
-- is told to the seller's programs comes last, a line each, and is written only if there is somebody to tell. Before that
-- come those among the sums of which Paddle is asked later, in threes: which of the fixed keys keeps them, from 1, how it
-- is written there, and for how long at most it is kept.
local case, story, due, customer, counts, event, inbox, case_mark, subscription_mark, opened, stopped, ended,
  customer_history, subscription_history, late, listed, listed_before, lists, out_destinations, out_new = unpack(KEYS)
local revision_read, case_id, state, case_json, due_at_ms, keep_ms, now_ms, event_id, keep_handled_ms, keep_mark_ms,
  opened_by_ms, hour, late_since_ms, keep_sums_ms, list, how_many_counters, how_many_parts,
  how_many_lines, how_many_asked = unpack(ARGV)
local first = 20
local counters = {unpack(ARGV, first, first - 1 + how_many_counters)}
first = first + how_many_counters
local parts = {unpack(ARGV, first, first - 1 + how_many_parts)}
first = first + how_many_parts
local story_lines = {unpack(ARGV, first, first - 1 + how_many_lines)}
first = first + how_many_lines
local asked = {unpack(ARGV, first, first - 1 + how_many_asked)}
local told = {unpack(ARGV, first + how_many_asked)}

local revision = 0
local old = redis.call('GET', case)
if old then
  revision = tonumber(string.match(old, '^%d+'))
end
if revision ~= tonumber(revision_read) then
  return 0
end
if opened_by_ms ~= '' then
  local since = redis.call('GET', subscription_mark)
  if redis.call('EXISTS', case_mark) == 1
    or (since and tonumber(string.match(since, '%d+$')) >= tonumber(opened_by_ms)) then
    return -1
  end
end
revision = revision + 1
-- A story's first line stays with the case: for days most have no other, and a list for it alone is dear.
local beginning = ''
if old then
  beginning = string.match(old, '\n.*') or ''
elseif #story_lines > 0 then
  beginning = '\n' .. now_ms .. ' ' .. table.remove(story_lines, 1)
end
redis.call('SET', case, revision .. ' ' .. state .. ' ' .. case_json .. beginning)
if due_at_ms == '' then
  redis.call('ZREM', due, case_id)
else
  redis.call('ZADD', due, due_at_ms, case_id)
end
-- What is known already counts from the first time: the sweep saw when it was due, with all that it had to wait for.
if late_since_ms == '' then
  redis.call('ZREM', late, case_id)
else
  redis.call('ZADD', late, 'NX', late_since_ms, case_id)
end
for _, counter in ipairs(counters) do
  redis.call('HINCRBY', counts, counter, 1)
end
for i = 1, #parts, 3 do
  local sums = KEYS[23 + parts[i]]
  redis.call('HINCRBY', sums, parts[i + 1], parts[i + 2])
  redis.call('PEXPIRE', sums, keep_sums_ms)
end
for i = 1, #asked, 3 do
  local waiting, keep_waiting_ms = KEYS[tonumber(asked[i])], asked[i + 2]
  redis.call('ZADD', waiting, now_ms, asked[i + 1])
  redis.call('ZREMRANGEBYSCORE', waiting, '-inf', now_ms - keep_waiting_ms)
  redis.call('PEXPIRE', waiting, keep_waiting_ms)
end
if hour ~= '' then
  redis.call('HINCRBY', opened, hour, 1)
end
for _, line in ipairs(story_lines) do
  redis.call('RPUSH', story, now_ms .. ' ' .. line)
end
if listed_before ~= listed then
  redis.call('ZREM', listed_before, case_id)
end
if list ~= '' then
  redis.call('SADD', lists, list)
end
if keep_ms == '' then
  redis.call('SADD', customer, case_id)
  if list ~= '' then
    redis.call('ZADD', listed, due_at_ms == '' and now_ms or due_at_ms, case_id)
  end
else
  redis.call('SREM', customer, case_id)
  redis.call('PEXPIRE', case, keep_ms)
  redis.call('PEXPIRE', story, keep_ms)
  for _, kept in ipairs({ended, customer_history, subscription_history, listed}) do
    redis.call('ZADD', kept, now_ms, case_id)
    redis.call('ZREMRANGEBYSCORE', kept, '-inf', now_ms - keep_ms)
    redis.call('PEXPIRE', kept, keep_ms)
  end
  -- An end that says more may still be on its way, and finds the case here.
  if state == 'stopped' then
    redis.call('SADD', stopped, case_id)
    redis.call('PEXPIRE', stopped, keep_mark_ms)
  else
    redis.call('SREM', stopped, case_id)
  end
  -- A newer debt may have waited for a mail that won't come any more.
  if old and string.match(old, '^%d+ (%a+)') == 'open' then
    for _, other in ipairs(redis.call('SMEMBERS', customer)) do
      redis.call('ZADD', due, 'XX', 'LT', now_ms, other)
    end
  end
end
if #told > 0 and redis.call('EXISTS', out_destinations) == 1 then
  redis.call('RPUSH', out_new, unpack(told))
end
if event_id ~= '' then
  redis.call('SET', event, 'h', 'PX', keep_handled_ms)
  redis.call('ZREM', inbox, event_id)
end
return revision
