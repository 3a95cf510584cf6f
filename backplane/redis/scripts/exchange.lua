-- Tell one router's demand for some accounts, and return that of the others. KEYS: epoch, then one hash for each
-- account. ARGV: word, router, milliseconds after which a demand fades, then for each account what this router asks:
-- `publishes bytes subscriptions`. Returns for each account the demands of the others.

local now = milliseconds()
local fades = tonumber(ARGV[3])
local answer = {}
for i = 2, #KEYS do
    local others = {}
    local told = redis.call('HGETALL', KEYS[i])
    for j = 1, #told, 2 do
        local at, demand = string.match(told[j + 1], '^(%d+) (.*)$')
        if told[j] ~= ARGV[2] then
            if math.abs(now - tonumber(at)) >= fades then
                redis.call('HDEL', KEYS[i], told[j])
            else
                others[#others + 1] = demand
            end
        end
    end
    redis.call('HSET', KEYS[i], ARGV[2], string.format('%.0f', now) .. ' ' .. ARGV[i + 2])
    redis.call('PEXPIRE', KEYS[i], fades)
    answer[i - 1] = others
end
return answer
