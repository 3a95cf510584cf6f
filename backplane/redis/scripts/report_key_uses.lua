-- Note when keys were used. KEYS: epoch, uses. ARGV: word, how many keys may wait, then for each use its key in words
-- and `seconds address`. Returns how many were noted.

local noted = 0
local room = tonumber(ARGV[2]) - redis.call('HLEN', KEYS[2])
for i = 3, #ARGV, 2 do
    local known = redis.call('HGET', KEYS[2], ARGV[i])
    local is_new = not known and room > 0
    if is_new then
        room = room - 1
    end
    if is_new or (known and tonumber(string.match(known, '^%d+')) <= tonumber(string.match(ARGV[i + 1], '^%d+'))) then
        redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
        noted = noted + 1
    end
end
return noted
