-- Take uses of keys, whichever come. KEYS: epoch, uses. ARGV: word, how many. Returns keys and what was noted in turn.

local taken = redis.call('HRANDFIELD', KEYS[2], ARGV[2], 'WITHVALUES')
for i = 1, #taken, 2 do
    redis.call('HDEL', KEYS[2], taken[i])
end
return taken
