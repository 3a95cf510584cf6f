-- KEYS: answers to one question. ARGV: word, an answer.

redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 5000)
return 1
