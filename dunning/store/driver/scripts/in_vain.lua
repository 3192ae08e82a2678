-- Keeps since when a way is tried without one success, and says what there is to tell of it, once over all workers.
-- A success is seen by the counters that it raises anyway. Answers {} or {word, since, tries, why}; the word is
-- 'warning' or 'error' when it has gone on for so long, and 'works_again' after either.
-- KEYS: in vain of the way, counts
-- ARGV: now, why this try was in vain ('' to look only), ms after the last try past which nothing is tried any more,
--       ms until a warning, ms until an error, the counters of successes
local worked = 0
for i = 6, #ARGV do
  worked = worked + tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0)
end
local now = tonumber(ARGV[1])
local since, tries, why, last, told, before =
  unpack(redis.call('HMGET', KEYS[1], 'since', 'tries', 'why', 'last', 'told', 'worked'))
local answer = {}
if since and (tonumber(before) ~= worked or now - last > tonumber(ARGV[3])) then
  redis.call('DEL', KEYS[1])
  if told and tonumber(before) ~= worked then
    answer = {'works_again', since, tries, why}
  end
  since, tries, told = false, false, false
end
if ARGV[2] ~= '' then
  redis.call('HINCRBY', KEYS[2], 'tries_in_vain_' .. ARGV[2], 1)
  since, tries, why = since or ARGV[1], (tries or 0) + 1, ARGV[2]
  redis.call('HSET', KEYS[1], 'since', since, 'tries', tries, 'why', why, 'last', ARGV[1], 'worked', worked)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
-- One try alone says little: what it was about may be over.
if #answer == 0 and since and tonumber(tries) > 1 then
  local word = nil
  if now - since >= tonumber(ARGV[5]) then
    word = 'error'
  elseif now - since >= tonumber(ARGV[4]) then
    word = 'warning'
  end
  if word and word ~= told and told ~= 'error' then
    redis.call('HSET', KEYS[1], 'told', word)
    answer = {word, since, tries, why}
  end
end
return answer
