-- KEYS: epoch, then one for each boot. ARGV: word. Returns the number up to which each boot's batches are applied.

return redis.call('MGET', unpack(KEYS, 2))
