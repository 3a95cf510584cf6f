-- Leave a tombstone in place of an account; no version is newer than it.
-- KEYS: epoch, accounts, changes, number. ARGV: word, id, channel.

if redis.call('HGET', KEYS[2], ARGV[2]) ~= 'removed' then
    redis.call('HSET', KEYS[2], ARGV[2], 'removed')
    redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[4]), ARGV[2])
    redis.call('PUBLISH', ARGV[3], 'directory')
end
return 1
