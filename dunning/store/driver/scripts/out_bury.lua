-- Gives up what a destination has not got yet, some of it at once, and answers how many that were.
local events, unsent, due, dead = unpack(KEYS)
local destination, why, now_ms, at_most = unpack(ARGV)

local ids = redis.call('ZRANGE', due, 0, at_most - 1)
for _, id in ipairs(ids) do
  local field = destination .. ' ' .. id
  local entry = redis.call('HGET', events, field)
  if entry then
    local begin, body = string.match(entry, '^(%d+ %d+) [^\n]*(\n.*)$')
    redis.call('HSET', events, field, begin .. ' ' .. why .. body)
    redis.call('ZADD', dead, now_ms, field)
  end
  redis.call('ZREM', unsent, field)
  redis.call('ZREM', due, id)
end
return #ids
