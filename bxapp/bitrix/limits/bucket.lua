-- The leaky bucket of one portal, for all processes at once. Times are seconds of this server's own clock.
--
-- KEYS[1]  a hash: level, at (when the level was true), epoch (another one: Redis has lost what it knew), jobs
--          (1 once somebody has looked what jobs sent before the bucket began), and what refusals taught:
--          learned (capacity), refused_at, row (how many in a row), held_until
-- ARGV     1 "take" or "refused"  2 clock for tests, "" for TIME  3 capacity, 0 for a portal without a limit
--          4 drain per second  5 reserve of the screen  6 "screen" or "work"  7 how many at most
--          8 1 if requests have been sent that may not be counted here: while Redis was gone
--          9 the epoch that the caller knows, "" if it has not asked here within the last day
--          10 how many requests may be in it that this server does not know, "" as long as nobody has looked
--          11 1 if the caller can tell what jobs have sent
-- returns  granted, seconds to wait, level, capacity, how many more work could have now, epoch
--          or {"unknown"}: neither this server nor the caller knows the bucket (limits/__init__.py)
--          or {"jobs"}: nobody who can tell has looked yet what jobs sent before it began

local STEP = 2            -- refusals this close together are one event: one burst was too large
local MEMORY = 3 * 86400  -- what was learned is kept this long after the last request
local RECOVERY = 600      -- and one more request is tried for each such time without a refusal
local LONGEST_HOLD = 60

local operation, count = ARGV[1], tonumber(ARGV[7])
local stated, drain, reserve = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = tonumber(ARGV[2])
local time = redis.call('TIME')
now = now or tonumber(time[1]) + tonumber(time[2]) / 1000000

local stored = redis.call('HMGET', KEYS[1], 'level', 'at', 'learned', 'refused_at', 'row', 'held_until', 'epoch', 'jobs')
local level, at = tonumber(stored[1]) or 0, tonumber(stored[2]) or now
local learned, refused_at = tonumber(stored[3]), tonumber(stored[4]) or 0
local row, held_until = tonumber(stored[5]) or 0, tonumber(stored[6]) or 0

local capacity = stated
if stated == 0 then
  -- A portal without a limit that refused after all is treated as the smallest plan while that is remembered.
  if operation == 'take' and not learned then return {count, '0', '0', 0, -1, ''} end
  capacity = 50
end
local full = capacity
if learned then
  capacity = math.min(capacity, learned + math.floor(math.max(0, now - refused_at) / RECOVERY))
end

level = math.max(0, level - drain * math.max(0, now - at))
local is_surely_behind = ARGV[8] == '1' or (ARGV[9] ~= '' and ARGV[9] ~= stored[7])
-- Whoever asked first after a loss may know of screens only: of what a job has under way no journal tells yet.
local is_untold = not stored[7] or ARGV[11] == '1' and not stored[8]
if is_untold and not is_surely_behind and ARGV[10] == '' then return {stored[7] and 'jobs' or 'unknown'} end
-- Redis was gone, or has lost what it knew: as if all that is ever granted had just been sent.
-- What jobs sent comes on top of what is counted of screens.
local supposed = is_surely_behind and capacity or is_untold and tonumber(ARGV[10]) or 0
if stored[7] and is_untold and not is_surely_behind then supposed = supposed + level end
level = math.max(level, math.min(supposed, capacity - drain))

-- The server drains in steps of whole seconds whose phase nobody knows: up to one step later than here.
-- Work stays below the screen's reserve, and always leaves three besides that step.
local kept = math.max(drain, math.min(math.max(reserve, drain + 3), math.floor(full / 2)))
local least = kept + 1

local granted, wait = 0, 0
if operation == 'take' then
  local ceiling = math.max(1, capacity - (ARGV[6] == 'work' and kept or drain))
  local free = math.floor(ceiling - level + 0.000001)
  if ARGV[6] == 'work' and now < held_until then
    wait = held_until - now
  elseif free >= 1 then
    granted = math.min(count, free)
    level = level + granted
  else
    wait = (level + 1 - ceiling) / drain
  end
else
  if now - refused_at > STEP then
    row = (now - refused_at < 2 * LONGEST_HOLD) and row + 1 or 1
    learned = math.min(capacity, math.ceil(level))
    held_until = now + math.min(LONGEST_HOLD, 2 ^ math.min(row - 1, 10))
  else
    learned = capacity
  end
  -- The refused request was counted here and not at the portal, so what the portal holds is one less.
  learned = math.max(least, learned - 1)
  capacity, level, refused_at = learned, learned, now
end

local epoch = stored[7] or time[1] .. '.' .. time[2]
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', string.format('%.6f', now), 'epoch', epoch)
if ARGV[11] == '1' or is_surely_behind then redis.call('HSET', KEYS[1], 'jobs', 1) end
if operation == 'refused' then
  redis.call('HSET', KEYS[1], 'learned', learned, 'refused_at', string.format('%.6f', refused_at),
    'row', row, 'held_until', string.format('%.6f', held_until))
elseif learned and stated ~= 0 and capacity >= full then
  redis.call('HDEL', KEYS[1], 'learned', 'refused_at', 'row', 'held_until')
  learned = nil
end
redis.call('EXPIRE', KEYS[1], MEMORY)

local more = math.max(0, math.floor(capacity - kept - level + 0.000001))
if now < held_until then more = 0 end
return {granted, string.format('%.6f', wait), string.format('%.6f', level), capacity, more, epoch}
