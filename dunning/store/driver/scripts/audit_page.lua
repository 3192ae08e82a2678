-- Reads so many changes of the audit list, the newest first: those before the one with the number `before`, or if that is
-- '' the newest. Changes have numbers in the order in which they were noted, so a page goes on where the last one ended,
-- whatever was noted meanwhile. Answers the number of the first, and the changes.
local audit, noted = unpack(KEYS)
local before, count = unpack(ARGV)

local newest = tonumber(redis.call('GET', noted) or 0)
local first = 0
if before ~= '' then
  first = math.max(0, newest - before + 1)
end
return {newest - first, redis.call('LRANGE', audit, first, first + count - 1)}
