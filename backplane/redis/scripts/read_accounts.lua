-- KEYS: epoch, accounts, filled. ARGV: word, ids. Returns the epoch, whether it is filled, and what is stored of each.

local found = {}
if #ARGV > 1 then
    found = redis.call('HMGET', KEYS[2], unpack(ARGV, 2))
end
return {epoch, redis.call('GET', KEYS[3]) == epoch and 1 or 0, found}
