-- Writes a case if nobody wrote it since it was read: case, due index, open cases, story, counters and, where an event
-- brought it about, that the event is handled. Where it ends an open case, what else is open of the customer is looked at
-- at once. Answers the new revision, 0 on a conflict, -1 when a mark says that what was to be opened had already ended.
-- KEYS: case, story, due, customer's open cases, counts, event, inbox, mark of the case, mark of the subscription,
--       cases opened by the hour, the subscription's cases that were stopped lately, ended cases, the customer's, the
--       subscription's, late
-- ARGV: revision read (0: there was none), case id, state, case JSON, due ('' for never), ms to live ('' while open),
--       now, event id ('' for none), handled ms to live, mark ms to live, occurred at (when opening), the
--       hour it counts in ('' for none), since when a step is late ('' for none),
--       number of counters, the counters, the story's lines
local revision = 0
local old = redis.call('GET', KEYS[1])
if old then
  revision = tonumber(string.match(old, '^%d+'))
end
if revision ~= tonumber(ARGV[1]) then
  return 0
end
if ARGV[11] ~= '' then
  local since = redis.call('GET', KEYS[9])
  if redis.call('EXISTS', KEYS[8]) == 1 or (since and tonumber(string.match(since, '%d+$')) >= tonumber(ARGV[11])) then
    return -1
  end
end
revision = revision + 1
local counters = tonumber(ARGV[14])
local line = 15 + counters
-- A story's first line stays with the case: for days most have no other, and a list for it alone is dear.
local beginning = ''
if old then
  beginning = string.match(old, '\n.*') or ''
elseif line <= #ARGV then
  beginning = '\n' .. ARGV[7] .. ' ' .. ARGV[line]
  line = line + 1
end
redis.call('SET', KEYS[1], revision .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. beginning)
if ARGV[5] == '' then
  redis.call('ZREM', KEYS[3], ARGV[2])
else
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[2])
end
-- What is known already counts from the first time: the sweep saw when it was due, with all that it had to wait for.
if ARGV[13] == '' then
  redis.call('ZREM', KEYS[15], ARGV[2])
else
  redis.call('ZADD', KEYS[15], 'NX', ARGV[13], ARGV[2])
end
for i = 15, 14 + counters do
  redis.call('HINCRBY', KEYS[5], ARGV[i], 1)
end
if ARGV[12] ~= '' then
  redis.call('HINCRBY', KEYS[10], ARGV[12], 1)
end
for i = line, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[7] .. ' ' .. ARGV[i])
end
if ARGV[6] == '' then
  redis.call('SADD', KEYS[4], ARGV[2])
else
  redis.call('SREM', KEYS[4], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
  for i = 12, 14 do
    redis.call('ZADD', KEYS[i], ARGV[7], ARGV[2])
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', ARGV[7] - ARGV[6])
    redis.call('PEXPIRE', KEYS[i], ARGV[6])
  end
  -- An end that says more may still be on its way, and finds the case here.
  if ARGV[3] == 'stopped' then
    redis.call('SADD', KEYS[11], ARGV[2])
    redis.call('PEXPIRE', KEYS[11], ARGV[10])
  else
    redis.call('SREM', KEYS[11], ARGV[2])
  end
  -- A newer debt may have waited for a mail that won't come any more. In the same write, so that the word can't be lost.
  if old and string.match(old, '^%d+ (%a+)') == 'open' then
    for _, other in ipairs(redis.call('SMEMBERS', KEYS[4])) do
      redis.call('ZADD', KEYS[3], 'XX', 'LT', ARGV[7], other)
    end
  end
end
if ARGV[8] ~= '' then
  redis.call('SET', KEYS[6], 'h', 'PX', ARGV[9])
  redis.call('ZREM', KEYS[7], ARGV[8])
end
return revision
