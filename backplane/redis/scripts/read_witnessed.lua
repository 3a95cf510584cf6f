-- Return some of an hour's counts, each key with its numbers, after a cursor that is where to go on.
-- KEYS: epoch, counts of the hour. ARGV: word, cursor.

return redis.call('HSCAN', KEYS[2], ARGV[2], 'COUNT', 1000)
