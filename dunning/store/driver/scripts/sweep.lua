-- Moves cases that are due to now + lease and queues one job for them, with the API calls it will make reserved: in one
-- step, so that nothing is lost in between and nothing is queued twice. Before anything goes out it looks whether the
-- breaker is to trip. Answers {how many were moved, why not more, new cases in this hour where the breaker tripped}.
-- KEYS: due, arq queue, API log, API hold, holds, probe, paused, breaker released, cases opened by the hour,
--       late
-- ARGV: now, lease ms, cases at most, arq job key, arq job id, payload ms to live, job name,
--       background budget, calls for the batch, calls for each case, prefix of grants, probe ms, grant ms,
--       the hour it is, most new cases in it ('' for any number), field for all mail, how the breaker's sentence begins,
--       how far ahead of events the job is queued (ms)
if redis.call('EXISTS', ARGV[4]) == 1 or redis.call('ZSCORE', KEYS[3], ARGV[11] .. '1') then
  return {0, 'repeated'} -- the answer was lost, and the client asks again
end
local paused = redis.call('HGET', KEYS[7], ARGV[16])
local opened = tonumber(redis.call('HGET', KEYS[9], ARGV[14]) or 0)
if ARGV[15] ~= '' and opened > tonumber(ARGV[15]) and redis.call('EXISTS', KEYS[8]) == 0 then
  local said = '"' .. ARGV[17]
  -- Also where somebody has paused all mail before: whoever resumes it is to know of the burst.
  if not (paused and string.find(paused, ', ' .. said, 1, true)) then
    local why = said .. opened .. ' new cases in an hour, and at most ' .. ARGV[15] .. ' were to be expected"'
    redis.call('HSET', KEYS[7], ARGV[16], '[' .. ARGV[1] .. ', ' .. why .. ']')
    return {0, 'breaker', opened}
  end
end
if paused then
  return {0, 'paused'}
end
local count = tonumber(ARGV[3])
local first = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, count)
if #first == 0 then
  return {0, 'nothing_due'}
end
if redis.call('EXISTS', KEYS[4]) == 1 then
  return {0, 'api_hold'}
end
local held = redis.call('EXISTS', KEYS[5]) == 1
if held then
  if redis.call('EXISTS', KEYS[6]) == 1 then
    return {0, 'held'}
  end
  count = 1
end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local room = tonumber(ARGV[8]) - redis.call('ZCOUNT', KEYS[3], '(' .. clock, '+inf')
local batch, each = tonumber(ARGV[9]), tonumber(ARGV[10])
if each > 0 then
  count = math.min(count, math.floor((room - batch) / each))
end
if room < batch or count < 1 then
  return {0, 'no_grants'}
end
-- The first write is one that a Redis out of memory refuses: after any other, the rest of a script is let through.
local cases, grants = {}, {}
for i = 1, math.min(count, #first / 2) do
  cases[i] = first[2 * i - 1]
  redis.call('ZADD', KEYS[1], ARGV[1] + ARGV[2], cases[i])
  -- The lease hides when it was due. What was tried before stays late since then.
  redis.call('ZADD', KEYS[10], 'NX', first[2 * i], cases[i])
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', clock)
for i = 1, batch + each * #cases do
  grants[i] = ARGV[11] .. i
  redis.call('ZADD', KEYS[3], clock + ARGV[13], grants[i])
end
redis.call('PEXPIRE', KEYS[3], 300000)
if held then
  redis.call('SET', KEYS[6], '1', 'PX', ARGV[12])
end
local payload = cjson.encode({f = ARGV[7], a = {cases, grants}, k = {empty = 1}, et = tonumber(ARGV[1]), t = cjson.null})
payload = string.gsub(payload, '{"empty":1}', '{}')
redis.call('SET', ARGV[4], payload, 'PX', ARGV[6])
-- Ahead of every event that waits: API calls are reserved for it, for a minute. arq goes by real time.
redis.call('ZADD', KEYS[2], math.min(ARGV[1], clock) - ARGV[18], ARGV[5])
return {#cases, ''}
