-- Store a snapshot where it is newer than the known one, and where its account was not removed.
-- KEYS: epoch, accounts, changes, number. ARGV: word, id, version, body, channel. Returns whether it was stored.

local known = redis.call('HGET', KEYS[2], ARGV[2])
if known then
    local version = string.match(known, '^(%d+) ')
    if not version or tonumber(version) >= tonumber(ARGV[3]) then
        return 0
    end
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ' ' .. ARGV[4])
redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[4]), ARGV[2])
redis.call('PUBLISH', ARGV[5], 'directory')
return 1
