-- KEYS: epoch, processes. ARGV: word, milliseconds after which a process is forgotten, and a process's name and body
-- if one is announced. Returns, of each that is known, when it spoke and its body.

local now = milliseconds()
if ARGV[3] then
    redis.call('HSET', KEYS[2], ARGV[3], string.format('%.0f', now) .. ' ' .. ARGV[4])
end
local known = redis.call('HGETALL', KEYS[2])
local present = {}
for i = 1, #known, 2 do
    local said_at = tonumber(string.match(known[i + 1], '^%d+'))
    if now - said_at > tonumber(ARGV[2]) then
        redis.call('HDEL', KEYS[2], known[i])
    else
        present[#present + 1] = known[i + 1]
    end
end
return present
