-- Which ids routers told of. KEYS: epoch, demanded. ARGV: word, milliseconds after which what was told fades.

local faded = string.format('%.0f', milliseconds() - tonumber(ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', faded)
return redis.call('ZRANGE', KEYS[2], 0, -1)
