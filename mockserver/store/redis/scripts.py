"""Lua scripts that run inside Redis, each one an atomic step.

A script gets one key, the prefix, and derives the others from it:

    world:TENANT    hash: `life` identifies this world among successive worlds of the tenant,
                    `version` counts its commits, `base` names the seed world it is a fork of,
                    `floor` is the version up to which removals have been discarded
    rows:TENANT     hash: the difference from the base, as JSON by `COLLECTION<unit separator>KEY`;
                    counters have no collection, a removed row of the base is empty
    changed:TENANT  sorted set: names in `rows` by the version that wrote them
    gone:TENANT     sorted set: names of removed rows by version, only the latest
    turn:TENANT     the only process that may commit for the next moment
    base:ID         a seed world as JSON; `bases` counts its references, `newest` names the last
    worlds          sorted set: tenants by the time of their last use
    clocks          hash: the clock of each tenant; "" holds the clock of new worlds
    news            number of changes to notes on the board; see `redis.board` for its other keys
"""

from __future__ import annotations

from hashlib import sha1

from mockserver.records import dataclass

_PRELUDE = """
local p, call = KEYS[1], redis.call
local function of(kind, tenant) return p .. ':' .. kind .. ':' .. tenant end
local function release(base)
  if base and base ~= '' and call('HINCRBY', p .. ':bases', base, -1) <= 0 then
    call('HDEL', p .. ':bases', base)
    call('UNLINK', of('base', base))
  end
end
local function drop(tenant)
  release(call('HGET', of('world', tenant), 'base'))
  call('UNLINK', of('world', tenant), of('rows', tenant), of('changed', tenant),
       of('gone', tenant), of('turn', tenant))
  call('HDEL', p .. ':clocks', tenant)
  return call('ZREM', p .. ':worlds', tenant)
end
local function use(tenant)
  local time = call('TIME')
  call('ZADD', p .. ':worlds', time[1] + time[2] / 1000000, tenant)
end
local function evict(most)
  local idle = {}
  for place = 1, call('ZCARD', p .. ':worlds') - most do
    idle[place] = call('ZRANGE', p .. ':worlds', 0, 0)[1]
    drop(idle[place])
  end
  return idle
end
"""


@dataclass(frozen=True)
class Script:
    """Lua source and the SHA by which Redis caches it."""

    text: bytes
    sha: bytes


def _script(body: str) -> Script:
    text = (_PRELUDE + body).encode()
    return Script(text, sha1(text).hexdigest().encode())


# For each world: tenant, known life, known version, "1" to count as a use, who requests the turn
# or "". Returns the time, the number of changes to notes, and a reply for each world: `large` for
# one of several that has changed too much to be part of a reply that is bounded.
SYNC = _script("""
local function look(tenant, known_life, known, used, turn)
  local meta = call('HMGET', of('world', tenant), 'life', 'version', 'floor', 'base')
  local life, version = meta[1], meta[2]
  if not life then
    local newest = call('HMGET', p .. ':newest', 'id', 'at')
    if newest[1] and call('EXISTS', of('base', newest[1])) == 0 then newest = {false, false} end
    return {'missing', call('HGET', p .. ':clocks', ''), newest[1], newest[2]}
  end
  if used == '1' then use(tenant) end
  if turn ~= '' then call('SET', of('turn', tenant), turn, 'NX', 'PX', 2000) end
  if life ~= known_life or tonumber(known) < tonumber(meta[3]) then
    return {'load', life, version, meta[4]}
  end
  local clock = call('HGET', p .. ':clocks', tenant)
  if version == known then return {'same', clock} end
  local since = '(' .. known
  if #ARGV > 5 and call('ZCOUNT', of('changed', tenant), since, '+inf') > 1000 then
    return {'large'}
  end
  local names = call('ZRANGEBYSCORE', of('changed', tenant), since, '+inf')
  local rows = {}
  for first = 1, #names, 4000 do
    local last = math.min(first + 3999, #names)
    local some = call('HMGET', of('rows', tenant), unpack(names, first, last))
    for place = 1, #some do rows[first + place - 1] = some[place] end
  end
  local gone = call('ZRANGEBYSCORE', of('gone', tenant), since, '+inf')
  return {'changed', clock, version, names, rows, gone}
end
local time = call('TIME')
local found = {time[1], time[2], call('GET', p .. ':news')}
for i = 1, #ARGV, 5 do
  found[#found + 1] = look(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
end
return found
""")

# tenant, life, version, clock, who commits, number of removals to keep,
# number of rows, then the name and text of each row, then the names of removed rows
COMMIT = _script("""
local tenant = ARGV[1]
local meta = call('HMGET', of('world', tenant), 'life', 'version')
if meta[1] ~= ARGV[2] or meta[2] ~= ARGV[3] then return 0 end
if call('HGET', p .. ':clocks', tenant) ~= ARGV[4] then return 0 end
local turn = call('GET', of('turn', tenant))
if turn then
  if turn ~= ARGV[5] then return 0 end
  call('DEL', of('turn', tenant))
end
local version = call('HINCRBY', of('world', tenant), 'version', 1)
local rows, changed, gone = of('rows', tenant), of('changed', tenant), of('gone', tenant)
local removed = call('ZCARD', gone)
local last = 7 + 2 * ARGV[7]
for first = 8, last, 4000 do
  local scores = {}
  for i = first, math.min(first + 3999, last), 2 do
    scores[#scores + 1] = version
    scores[#scores + 1] = ARGV[i]
    if removed > 0 then call('ZREM', gone, ARGV[i]) end
  end
  call('HSET', rows, unpack(ARGV, first, first + #scores - 1))
  call('ZADD', changed, unpack(scores))
end
for i = last + 1, #ARGV do
  call('HDEL', rows, ARGV[i])
  call('ZREM', changed, ARGV[i])
  call('ZADD', gone, version, ARGV[i])
end
local extra = #ARGV > last and call('ZCARD', gone) - ARGV[6] or 0
if extra > 0 then
  local edge = call('ZRANGE', gone, extra - 1, extra - 1, 'WITHSCORES')
  call('HSET', of('world', tenant), 'floor', edge[2])
  call('ZREMRANGEBYRANK', gone, 0, extra - 1)
end
return version
""")

# tenant, life, its clock, the clock of new worlds or "", id and time of the base, the base
# itself if Redis does not have it, max_worlds
CREATE = _script("""
local tenant, base = ARGV[1], ARGV[5]
if call('EXISTS', of('world', tenant)) == 1 then return false end
if (call('HGET', p .. ':clocks', '') or '') ~= ARGV[4] then return false end
if ARGV[7] ~= '' then
  release(call('HGET', p .. ':newest', 'id'))
  call('HSET', p .. ':newest', 'id', base, 'at', ARGV[6])
  call('SET', of('base', base), ARGV[7])
  call('HINCRBY', p .. ':bases', base, 1)
elseif call('EXISTS', of('base', base)) == 0 then
  return false
end
call('HINCRBY', p .. ':bases', base, 1)
call('HSET', of('world', tenant), 'life', ARGV[2], 'version', '0', 'floor', '0', 'base', base)
call('HSET', p .. ':clocks', tenant, ARGV[3])
use(tenant)
return evict(tonumber(ARGV[8]))
""")

# The required number of clocks or ""; then for each clock: tenant, old value or "", new value.
SET_CLOCKS = _script("""
local clocks = p .. ':clocks'
if ARGV[1] ~= '' and call('HLEN', clocks) ~= tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV, 3 do
  if (call('HGET', clocks, ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end
for i = 2, #ARGV, 3 do call('HSET', clocks, ARGV[i], ARGV[i + 2]) end
return 1
""")

# Tenants; without any, everything is dropped, including the clock of new worlds.
DROP = _script("""
for i = 1, #ARGV do drop(ARGV[i]) end
if #ARGV == 0 then
  for _, tenant in ipairs(call('ZRANGE', p .. ':worlds', 0, -1)) do drop(tenant) end
  call('HDEL', p .. ':clocks', '')
end
return 1
""")

# tenant, life, clock: a world without a base, whose rows are already written
ADOPT = _script("""
local tenant = ARGV[1]
call('HSET', of('world', tenant), 'life', ARGV[2], 'version', '1', 'floor', '0', 'base', '')
call('HSET', p .. ':clocks', tenant, ARGV[3])
use(tenant)
return 1
""")

# max_worlds
EVICT = _script("return evict(tonumber(ARGV[1]))")

# seconds without a use after which a world is dropped
EXPIRE = _script("""
local edge = '(' .. (call('TIME')[1] - ARGV[1])
local idle = call('ZRANGEBYSCORE', p .. ':worlds', '-inf', edge, 'LIMIT', 0, 1000)
for _, tenant in ipairs(idle) do drop(tenant) end
return #idle
""")

# tenant, whose turn
YIELD = _script("""
if call('GET', of('turn', ARGV[1])) == ARGV[2] then call('DEL', of('turn', ARGV[1])) end
return 1
""")
