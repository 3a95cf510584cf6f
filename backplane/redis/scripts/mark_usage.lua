-- Raise the number up to which a boot's batches are applied. KEYS: epoch, then one for each boot. ARGV: word, seconds
-- after which it is forgotten, numbers.

for i = 2, #KEYS do
    local known = tonumber(redis.call('GET', KEYS[i]) or '0')
    redis.call('SET', KEYS[i], string.format('%.0f', math.max(known, tonumber(ARGV[i + 1]))), 'EX', ARGV[2])
end
return #KEYS - 1
