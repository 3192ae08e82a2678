-- Notes that an event needs no more handling, and if there is a trace, what it came to where no case tells of it.
-- `trace_line` is '' for none.
local event, inbox, trace = unpack(KEYS)
local event_id, keep_handled_ms, trace_line, traces_kept, keep_trace_ms = unpack(ARGV)

redis.call('SET', event, 'h', 'PX', keep_handled_ms)
redis.call('ZREM', inbox, event_id)
if trace_line ~= '' then
  redis.call('RPUSH', trace, trace_line)
  redis.call('LTRIM', trace, -traces_kept, -1)
  redis.call('PEXPIRE', trace, keep_trace_ms)
end
