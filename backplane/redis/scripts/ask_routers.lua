-- KEYS: epoch. ARGV: word, a channel and a question.

return redis.call('PUBLISH', ARGV[2], ARGV[3])
