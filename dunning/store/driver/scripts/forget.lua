-- Looks at a case no more, unless somebody wrote it since it was read: they said when it is to be looked at.
-- `revision_read` is 0 where there was no case.
local case, due, late = unpack(KEYS)
local case_id, revision_read = unpack(ARGV)

local found = redis.call('GET', case)
local revision = found and string.match(found, '^%d+') or '0'
if revision == revision_read then
  redis.call('ZREM', due, case_id)
  redis.call('ZREM', late, case_id)
end
