-- Returns what follows an item, to the owner only.
-- KEYS: stream, owner. ARGV: token of the caller, id to begin after, most entries.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
    return redis.error_reply('FENCED another node owns the topic')
end
return redis.call('XRANGE', KEYS[1], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
