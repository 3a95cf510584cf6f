-- Forget batches that were applied; their room is free again. KEYS: epoch, usage. ARGV: word, group, entries.

for i = 3, #ARGV do
    redis.call('XACK', KEYS[2], ARGV[2], ARGV[i])
    redis.call('XDEL', KEYS[2], ARGV[i])
end
return #ARGV - 2
