-- Keeps a turn for so much longer, or ends it, if it is still that of whoever asks. Answers whether it was.
local turn = unpack(KEYS)
local token, keep_ms = unpack(ARGV)

if redis.call('GET', turn) ~= token then
  return 0
end
-- PEXPIRE with 0 deletes.
redis.call('PEXPIRE', turn, keep_ms)
return 1
