-- KEYS: epoch, filled. ARGV: word, the epoch that was filled, channel. Nothing is marked if that epoch has ended.

if epoch == ARGV[2] then
    redis.call('SET', KEYS[2], epoch)
    redis.call('PUBLISH', ARGV[3], 'directory')
end
return 1
