-- Enter a node or renew its lease. ARGV from 6: id, address, boot, body. A single word in return is the address of
-- another process that holds the id.

local known = redis.call('HGET', KEYS[3], ARGV[6])
if known and known ~= ARGV[9] then
    local node = cjson.decode(known)
    local ends = tonumber(redis.call('ZSCORE', KEYS[4], ARGV[6]) or '0')
    if ends > now and node.boot ~= ARGV[8] and node.address ~= ARGV[7] then
        return node.address
    end
end
redis.call('ZADD', KEYS[4], stored(now + lease), ARGV[6])
if known ~= ARGV[9] then
    redis.call('HSET', KEYS[3], ARGV[6], ARGV[9])
    change(0)
end
return answer()
