-- Take batches: first those that another consumer has held for too long, then new ones.
-- KEYS: epoch, usage. ARGV: word, group, consumer, count, milliseconds after which a batch is abandoned.

local count = tonumber(ARGV[4])
local made = redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[2], '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    return made
end
local taken = {}
local cursor = '0-0'
repeat
    local claimed = redis.call(
        'XAUTOCLAIM', KEYS[2], ARGV[2], ARGV[3], ARGV[5], cursor, 'COUNT', count - #taken)
    cursor = claimed[1]
    for _, entry in ipairs(claimed[2]) do
        if entry then -- a 6.2 names what was deleted as well, by nothing
            taken[#taken + 1] = entry
        end
    end
until cursor == '0-0' or #taken >= count
if #taken < count then
    local new = redis.call(
        'XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', count - #taken, 'STREAMS', KEYS[2], '>')
    for _, entry in ipairs(new and new[1] and new[1][2] or {}) do
        taken[#taken + 1] = entry
    end
end
return taken
