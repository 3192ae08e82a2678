-- Keeps a turn for so much longer, or ends it, if it is still that of whoever asks. Answers whether it was.
-- KEYS: turn
-- ARGV: whose, ms it is kept for from now on (0 to end it)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
-- PEXPIRE with 0 deletes.
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
