-- Makes the caller the only one that may append, and returns what follows an item.
-- KEYS: stream, owner. ARGV: token of the caller, id to begin after, most entries.
redis.call('SET', KEYS[2], ARGV[1])
return redis.call('XRANGE', KEYS[1], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
