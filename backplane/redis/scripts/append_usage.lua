-- KEYS: epoch, usage. ARGV: word, the bytes that the stream may take, then id, payload and seal of each batch. Returns how
-- many batches wait if there is no room for more, else -1.

local used = redis.call('MEMORY', 'USAGE', KEYS[2]) or 0
if used > tonumber(ARGV[2]) then
    return redis.call('XLEN', KEYS[2])
end
for i = 3, #ARGV, 3 do
    redis.call('XADD', KEYS[2], '*', 'id', ARGV[i], 'payload', ARGV[i + 1], 'seal', ARGV[i + 2])
end
return -1
