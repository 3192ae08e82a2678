-- Takes a loss off those whose amount isn't known, and adds to the sums of its day what is known now, in pairs: the field,
-- and how much. A loss that was taken off already adds nothing.
local lost, sums = unpack(KEYS)
local loss, keep_sums_ms = unpack(ARGV)

if redis.call('ZREM', lost, loss) == 1 and #ARGV > 2 then
  for i = 3, #ARGV, 2 do
    redis.call('HINCRBY', sums, ARGV[i], ARGV[i + 1])
  end
  redis.call('PEXPIRE', sums, keep_sums_ms)
end
