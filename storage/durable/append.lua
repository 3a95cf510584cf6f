-- Appends items whose numbers follow the newest, and lets go of the oldest.
-- KEYS: stream, owner. ARGV: token of the caller, page, number of the newest item that the caller knows, number of
-- the oldest that it keeps, time in ms, 1 where the caller knows that the stream lost what it knows, then the frames.
local owner = redis.call('GET', KEYS[2])
if owner and owner ~= ARGV[1] then
    return redis.error_reply('FENCED another node owns the topic')
end
local page, last = tonumber(ARGV[2]), tonumber(ARGV[3])
local newest_page, newest = 0, 0
local entry = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if entry then
    local p, n = string.match(entry[1], '(%d+)-(%d+)')
    newest_page, newest = tonumber(p), tonumber(n)
end
if newest_page > page or (newest_page == page and newest > last) then
    return redis.error_reply('BEHIND there are newer items')
end
if ARGV[6] ~= '1' and last > 0 and (newest_page < page or newest < last) then
    return redis.error_reply('SHORT ' .. string.format('%.0f-%.0f', newest_page, newest))
end
if not owner then
    redis.call('SET', KEYS[2], ARGV[1])
end
local now = redis.call('TIME')
local stored = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
for index = 7, #ARGV do
    local id = ARGV[2] .. '-' .. string.format('%.0f', last + index - 6)
    redis.call('XADD', KEYS[1], id, 't', ARGV[5], 'f', ARGV[index], 's', stored)
end
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2] .. '-' .. ARGV[4])
return redis.status_reply('OK')
