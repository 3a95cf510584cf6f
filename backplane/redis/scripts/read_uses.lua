-- How much is used of accounts and caches. KEYS: epoch, then one hash for each, as `exchange` writes them. ARGV: word,
-- milliseconds after which what was told fades. Returns for each `publishes bytes subscriptions`.

local now = milliseconds()
local answer = {}
for i = 2, #KEYS do
    local publishes, bytes, open = 0, 0, 0
    local told = redis.call('HGETALL', KEYS[i])
    for j = 1, #told, 2 do
        local at, subscriptions, used, used_bytes =
            string.match(told[j + 1], '^(%d+) %S+ %S+ (%d+) %d+ (%S+) (%S+)$')
        if at and math.abs(now - tonumber(at)) < tonumber(ARGV[2]) then
            publishes = publishes + tonumber(used)
            bytes = bytes + tonumber(used_bytes)
            open = open + tonumber(subscriptions)
        end
    end
    answer[i - 1] = string.format('%.3f %.1f %.0f', publishes, bytes, open)
end
return answer
