-- Take a node out of the map. ARGV[6]: its id.

redis.call('ZREM', KEYS[4], ARGV[6])
if redis.call('HDEL', KEYS[3], ARGV[6]) == 1 then
    change(0)
end
return answer()
