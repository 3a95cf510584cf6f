-- What each script of the registry does first. KEYS: epoch, map, nodes, leases. ARGV: word, lease in ms, channel,
-- and the version and epoch of the map that the caller has.
--
-- Leases end by the server's clock. When nobody was heard for half a lease, the server was away, or its clock was set:
-- then no lease may end, and no map be shown, before every node had a lease's time to renew.

local CLOCK_MS = 250
local lease = tonumber(ARGV[2])
local now = milliseconds()
local map = redis.call('HMGET', KEYS[2], 'version', 'clock', 'settled', 'epoch')
local version = tonumber(map[1] or '0')
local clock = tonumber(map[2] or '0')
local settled = tonumber(map[3] or '0')

local function change(at_least)
    version = math.max(now, version + 1, at_least)
    redis.call('HSET', KEYS[2], 'version', string.format('%.0f', version))
    redis.call('PUBLISH', ARGV[3], 'map')
end

local function stored(number)
    return string.format('%.0f', number)
end

if map[4] ~= epoch or now < clock - CLOCK_MS or now > clock + lease / 2 then
    settled = now + lease
    for _, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
        redis.call('ZADD', KEYS[4], stored(now + lease), id)
    end
    redis.call('HSET', KEYS[2], 'epoch', epoch, 'settled', stored(settled), 'clock', stored(now))
elseif now >= clock + CLOCK_MS then
    redis.call('HSET', KEYS[2], 'clock', stored(now))
end

if now >= settled then
    local ended = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', stored(now))
    for _, id in ipairs(ended) do
        redis.call('ZREM', KEYS[4], id)
        redis.call('HDEL', KEYS[3], id)
    end
    if #ended > 0 then
        change(0)
    end
    -- A server that lost its last writes may show a version below one that was seen.
    local seen = tonumber(ARGV[4])
    if seen > version or (seen == version and seen > 0 and ARGV[5] ~= epoch) then
        change(seen + 1)
    end
end

local function answer()
    local nodes = false
    if version ~= tonumber(ARGV[4]) then
        nodes = redis.call('HGETALL', KEYS[3])
    end
    return {now >= settled and 1 or 0, epoch, stored(version), nodes, stored(now)}
end
