-- Every script begins with this. KEYS[1] is the record of the epoch, ARGV[1] a new random word.
--
-- An epoch ends when the store is emptied, and also when its server process is another one: a server that was
-- restarted, or a replica that took over, may have lost its last writes.

local function milliseconds()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function current_epoch()
    local info = redis.pcall('INFO', 'server') -- a user without the right to it sees only emptied stores
    local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
    local known = redis.call('HMGET', KEYS[1], 'id', 'run')
    if known[1] and known[2] == run then
        return known[1]
    end
    redis.call('HSET', KEYS[1], 'id', ARGV[1], 'run', run)
    return ARGV[1]
end

local epoch = current_epoch()
