-- KEYS: answers to one question. ARGV: word.

return redis.call('LRANGE', KEYS[1], 0, -1)
