-- Tell what is asked of one router, and hear how each account or cache stands. KEYS: epoch, routers, demanded (which
-- ids were told of, and when), then one hash for each account or cache. ARGV: word, router, milliseconds after which
-- what was told fades, seconds of the largest debt, then for each hash its id and, before that, in words: publishes and
-- bytes asked each second, publishes and bytes accepted, subscriptions open and wanted, and of publishes and bytes the
-- limit each second and what may be used of it at once, and the limit of subscriptions. Returns how many routers there are, then for each hash what the others ask, `publishes bytes
-- subscriptions`, the subscriptions that this router has room for, and what is left of both buckets.
--
-- A hash has, for each router, `time publishes bytes subscriptions slots used used-bytes`, and `*` the buckets:
-- `time publishes bytes`.

local now = milliseconds()
local router = ARGV[2]
local fades = tonumber(ARGV[3])
local debt = tonumber(ARGV[4])

local function words(text)
    local found = {}
    for word in string.gmatch(text, '%S+') do
        found[#found + 1] = tonumber(word)
    end
    return found
end

local function fill(left, passed, rate, burst, accepted)
    return math.max(math.min(left + passed / 1000 * rate - accepted, burst), -rate * debt)
end

redis.call('HSET', KEYS[2], router, string.format('%.0f', now))
local routers = 0
local known = redis.call('HGETALL', KEYS[2])
for i = 1, #known, 2 do
    if math.abs(now - tonumber(known[i + 1])) < fades then
        routers = routers + 1
    else
        redis.call('HDEL', KEYS[2], known[i])
    end
end
redis.call('PEXPIRE', KEYS[2], fades)

local answer = {routers}
for i = 4, #KEYS do
    local asked = words(ARGV[2 * i - 3])
    redis.call('ZADD', KEYS[3], string.format('%.0f', now), ARGV[2 * i - 2])
    local left = {now, asked[8], asked[10]}
    local publishes, bytes, open, slots = 0, 0, 0, 0
    local passed = 0
    local told = redis.call('HGETALL', KEYS[i])
    for j = 1, #told, 2 do
        local said = words(told[j + 1])
        if told[j] == '*' then
            left = said
        elseif math.abs(now - said[1]) >= fades then
            redis.call('HDEL', KEYS[i], told[j])
        elseif told[j] == router then
            passed = now - said[1]
        else
            publishes = publishes + said[2]
            bytes = bytes + said[3]
            open = open + said[4]
            slots = slots + said[5]
        end
    end
    local since = math.max(now - left[1], 0)
    local publish_level = fill(left[2], since, asked[7], asked[8], asked[3])
    local byte_level = fill(left[3], since, asked[9], asked[10], asked[4])
    local granted = math.max(math.min(asked[6], asked[11] - slots), 0)
    local used, used_bytes = 0, 0
    if passed > 0 then
        used = asked[3] * 1000 / passed
        used_bytes = asked[4] * 1000 / passed
    end
    redis.call('HSET', KEYS[i],
        router, string.format('%.0f %.3f %.1f %.0f %.0f %.3f %.1f',
            now, asked[1], asked[2], asked[5], math.max(granted, asked[5]), used, used_bytes),
        '*', string.format('%.0f %.3f %.1f', now, publish_level, byte_level))
    redis.call('PEXPIRE', KEYS[i], fades)
    answer[#answer + 1] = string.format('%.3f %.1f %.0f %.0f %.3f %.1f',
        publishes, bytes, open, granted, publish_level, byte_level)
end
return answer
