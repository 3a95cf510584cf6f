-- KEYS: epoch, accounts. ARGV: word, cursor of a scan. Returns the next cursor, '0' at the end, and id and version of some
-- accounts; one may come twice. Those that were removed have none.

local scanned = redis.call('HSCAN', KEYS[2], ARGV[2], 'COUNT', 500)
local versions = {}
for i = 1, #scanned[2], 2 do
    local version = string.match(scanned[2][i + 1], '^(%d+) ')
    if version then
        versions[#versions + 1] = scanned[2][i]
        versions[#versions + 1] = version
    end
end
return {scanned[1], versions}
