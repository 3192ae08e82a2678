-- Keeps since when a way is tried without one success, and says what there is to tell of it, once over all workers.
-- A success is seen by the counters that it raises anyway. Answers {} or {word, since, tries, why}; the word is
-- 'warning' or 'error' when it has gone on for so long, and 'works_again' after either.
-- `why_now` is '' to look only. Nothing is tried any more when the last try is longer ago than `not_tried_any_more_ms`.
local in_vain, counts = unpack(KEYS)
local now_ms, why_now, not_tried_any_more_ms, warning_after_ms, error_after_ms = unpack(ARGV)
local successes = {unpack(ARGV, 6)}

local worked = 0
for _, success in ipairs(successes) do
  worked = worked + tonumber(redis.call('HGET', counts, success) or 0)
end
local since, tries, why, last, told, before =
  unpack(redis.call('HMGET', in_vain, 'since', 'tries', 'why', 'last', 'told', 'worked'))
local answer = {}
if since and (tonumber(before) ~= worked or now_ms - last > tonumber(not_tried_any_more_ms)) then
  redis.call('DEL', in_vain)
  if told and tonumber(before) ~= worked then
    answer = {'works_again', since, tries, why}
  end
  since, tries, told = false, false, false
end
if why_now ~= '' then
  redis.call('HINCRBY', counts, 'tries_in_vain_' .. why_now, 1)
  since, tries, why = since or now_ms, (tries or 0) + 1, why_now
  redis.call('HSET', in_vain, 'since', since, 'tries', tries, 'why', why, 'last', now_ms, 'worked', worked)
  redis.call('PEXPIRE', in_vain, not_tried_any_more_ms)
end
-- One try alone says little: what it was about may be over.
if #answer == 0 and since and tonumber(tries) > 1 then
  local word = nil
  if now_ms - since >= tonumber(error_after_ms) then
    word = 'error'
  elseif now_ms - since >= tonumber(warning_after_ms) then
    word = 'warning'
  end
  if word and word ~= told and told ~= 'error' then
    redis.call('HSET', in_vain, 'told', word)
    answer = {word, since, tries, why}
  end
end
return answer
