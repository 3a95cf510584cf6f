-- What changed after a number: KEYS: epoch, changes, number, filled, keys. ARGV: word, number, most, digest of the
-- signing keys that the reader has. Returns the epoch, whether it is filled, the newest number, the one that this answer
-- reaches, the ids of changed accounts, and the signing keys if the reader has others.

local most = tonumber(ARGV[3])
local newest = redis.call('GET', KEYS[3]) or '0'
local reached = newest
local changed = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local ids = {}
for i = 1, #changed, 2 do
    ids[#ids + 1] = changed[i]
end
if #ids == most then
    reached = changed[#changed]
end
local keys = redis.call('GET', KEYS[5])
if keys and redis.sha1hex(keys) == ARGV[4] then
    keys = false
end
return {epoch, redis.call('GET', KEYS[4]) == epoch and 1 or 0, newest, reached, ids, keys}
