-- Moves cases that are due to now + lease and queues one job for them, with the API calls it will make reserved: one
-- for each batch of `cases_per_call`, `shared_calls` for all, and `calls_per_case`. All in one
-- step, so that nothing is lost in between and nothing is queued twice. Before anything goes out it looks whether the
-- breaker is to trip. Answers {how many were moved, why not more, new cases in this hour where the breaker tripped}.
-- `told` is written if it trips and there is somebody to tell. `most_opened` is '' for any number. `all_mail` is the pause's field. The breaker's sentence begins with `by_breaker`.
local due, queue, api_log, api_hold, holds, probe, paused, breaker_released, opened, late,
  out_destinations, out_new = unpack(KEYS)
local now_ms, lease_ms, most_cases, job_key, job_id, keep_payload_ms, job_name, background_budget, cases_per_call,
  shared_calls, calls_per_case, more_room_ms, grant_prefix, probe_ms, grant_ms, hour, most_opened, all_mail, by_breaker, ahead_ms,
  told = unpack(ARGV)

if redis.call('EXISTS', job_key) == 1 or redis.call('ZSCORE', api_log, grant_prefix .. '1') then
  return {0, 'repeated'} -- the answer was lost, and the client asks again
end
local pause = redis.call('HGET', paused, all_mail)
local new_cases = tonumber(redis.call('HGET', opened, hour) or 0)
if most_opened ~= '' and new_cases > tonumber(most_opened) and redis.call('EXISTS', breaker_released) == 0 then
  local said = '"' .. by_breaker
  -- Also where somebody has paused all mail before: whoever resumes it is to know of the burst.
  if not (pause and string.find(pause, ', ' .. said, 1, true)) then
    local why = said .. new_cases .. ' new cases in an hour, and at most ' .. most_opened .. ' were to be expected"'
    redis.call('HSET', paused, all_mail, '[' .. now_ms .. ', ' .. why .. ']')
    if redis.call('EXISTS', out_destinations) == 1 then
      redis.call('RPUSH', out_new, told)
    end
    return {0, 'breaker', new_cases}
  end
end
if pause then
  return {0, 'paused'}
end
local count = tonumber(most_cases)
local first = redis.call('ZRANGEBYSCORE', due, '-inf', now_ms, 'WITHSCORES', 'LIMIT', 0, count)
if #first == 0 then
  return {0, 'nothing_due'}
end
if redis.call('EXISTS', api_hold) == 1 then
  return {0, 'api_hold'}
end
local held = redis.call('EXISTS', holds) == 1
if held then
  if redis.call('EXISTS', probe) == 1 then
    return {0, 'held'}
  end
  count = 1
end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local room = tonumber(background_budget) - redis.call('ZCOUNT', api_log, '(' .. clock, '+inf')
local function calls_of(cases)
  return shared_calls + math.ceil(cases / cases_per_call) + calls_per_case * cases
end
count = math.min(count, #first / 2)
-- A smaller job takes more calls for each case, so it waits for room that comes in a moment. Else the jobs of a long
-- storm would become ever smaller: the calls of one are not answered all at once, and so is the room they leave.
if calls_of(count) > room and redis.call('ZCOUNT', api_log, '(' .. clock, clock + more_room_ms) > 0 then
  return {0, 'no_grants'}
end
while count > 0 and calls_of(count) > room do
  count = count - 1
end
if count < 1 then
  return {0, 'no_grants'}
end
-- The first write is one that a Redis out of memory refuses: after any other, the rest of a script is let through.
local cases, grants = {}, {}
for i = 1, count do
  cases[i] = first[2 * i - 1]
  redis.call('ZADD', due, now_ms + lease_ms, cases[i])
  -- The lease hides when it was due. What was tried before stays late since then.
  redis.call('ZADD', late, 'NX', first[2 * i], cases[i])
end
redis.call('ZREMRANGEBYSCORE', api_log, '-inf', clock)
for i = 1, calls_of(count) do
  grants[i] = grant_prefix .. i
  redis.call('ZADD', api_log, clock + grant_ms, grants[i])
end
redis.call('PEXPIRE', api_log, 300000)
if held then
  redis.call('SET', probe, '1', 'PX', probe_ms)
end
local job = {f = job_name, a = {cases, grants}, k = {empty = 1}, et = tonumber(now_ms), t = cjson.null}
local payload = cjson.encode(job)
payload = string.gsub(payload, '{"empty":1}', '{}')
redis.call('SET', job_key, payload, 'PX', keep_payload_ms)
-- Ahead of every event that waits: API calls are reserved for it, for a minute. arq goes by real time.
redis.call('ZADD', queue, math.min(now_ms, clock) - ahead_ms, job_id)
return {#cases, ''}
