-- Note how far witnesses have counted in an hour. KEYS: epoch, counts of the hour. ARGV: word, seconds after which they
-- are forgotten, how many there may be, then for each its key, messages, bytes, most at a time, and 1 if it has left.
-- Numbers are compared as words, because Lua's are floats. Returns how many had no room,
-- and the epoch.

local function larger(one, other)
    if #one ~= #other then
        return #one > #other and one or other
    end
    return one > other and one or other
end

local left_out = 0
local room = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[2])
for i = 4, #ARGV, 5 do
    local known = redis.call('HGET', KEYS[2], ARGV[i])
    local told = {ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]}
    if known then
        local place = 1
        for number in string.gmatch(known, '%d+') do
            told[place] = larger(told[place], number)
            place = place + 1
        end
    elseif room > 0 then
        room = room - 1
    else
        told = nil
        left_out = left_out + 1
    end
    if told then
        redis.call('HSET', KEYS[2], ARGV[i], table.concat(told, ' '))
    end
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return {left_out, epoch}
