-- Takes off what Paddle is to be asked of, and adds to the sums of its day what is known now, in pairs: the field, and how
-- much. What was taken off already adds nothing.
local waiting, sums = unpack(KEYS)
local counted, keep_sums_ms = unpack(ARGV)

if redis.call('ZREM', waiting, counted) == 1 and #ARGV > 2 then
  for i = 3, #ARGV, 2 do
    redis.call('HINCRBY', sums, ARGV[i], ARGV[i + 1])
  end
  redis.call('PEXPIRE', sums, keep_sums_ms)
end
