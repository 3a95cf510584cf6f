-- Makes the caller the only one that may append; returns when this Redis was started, and what follows an item.
-- KEYS: stream, owner. ARGV: token of the caller, id to begin after, most entries.
redis.call('SET', KEYS[2], ARGV[1])
local up = tonumber(string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)'))
local started = (tonumber(redis.call('TIME')[1]) - up) * 1000
return {started, redis.call('XRANGE', KEYS[1], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])}
