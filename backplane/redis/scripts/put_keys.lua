-- KEYS: epoch, keys. ARGV: word, body, channel.

if redis.call('GET', KEYS[2]) ~= ARGV[2] then
    redis.call('SET', KEYS[2], ARGV[2])
    redis.call('PUBLISH', ARGV[3], 'directory')
end
return 1
