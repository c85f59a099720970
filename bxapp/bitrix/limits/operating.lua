-- Execution time ("operating") of one portal, application and method, for all processes at once.
--
-- KEYS     the ledger of the method, and that of "batch", which counts half of the time of a batch
-- ARGV     1 operations, a JSON list of {op, ...}  2 clock for tests, "" for TIME
--          3 limit  4 window  5 basket  6 threshold  7 ban
--          8, 9, 10 epoch, version and copy of the first ledger as the caller knows it ("", 0, "" for none),
--          11, 12, 13 of the second. A copy is sent only after the answer "behind": Redis has lost something,
--          or has never known it.
--          14 what may have been called that neither of them knows (limits/__init__.py), a JSON list of
--          {s seconds, e counts for so long at most, f 1: may be under way}; "" as long as nobody has looked
-- returns  {"behind"} or {seconds used and reserved, then of each ledger epoch, version, 1 if it is off, and
--          itself, then 1 if the budget is known to be whole, then for how many seconds a refusal holds,
--          then of each reserve {granted, seconds to wait, 1 if calls under way must end first}}
--
-- A ledger:  epoch, v (version)  baskets {number: {s seconds, e ends at}} in the portal's time
--            flight {id: {s sent, x expires, w seconds expected, l seconds of its last call, n calls}} in Redis's
--            recent {tenth of a second: seconds finished in it} in the portal's time
--            theta (portal's clock less Redis's, at least)
--            blocked (until, Redis's time), whole (the budget is whole again after it)  off (nothing is limited)
--            sure (true once somebody has looked what may have been called before the ledger began)
-- A basket or a request under way whose key begins with "?" is one that is supposed only.

local what  -- the operation at hand
local limit, window, basket = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local threshold, ban = tonumber(ARGV[6]), tonumber(ARGV[7])
local UNSURE = 1  -- a request that ended this shortly before another may be in the sum told with it, or not
local ledgers = {}
local operations, asks = cjson.decode(ARGV[1]), false
for _, operation in ipairs(operations) do asks = asks or operation.op == 'reserve' end
local now = tonumber(ARGV[2])
local time = redis.call('TIME')
now = now or tonumber(time[1]) + tonumber(time[2]) / 1000000

local function total(ledger)
  local sum = 0
  for _, one in pairs(ledger.baskets) do sum = sum + one.s end
  for _, one in pairs(ledger.flight) do sum = sum + one.w end
  return sum
end

local function by_end(ledger, supposed)
  local found = {}
  for key, one in pairs(ledger.baskets) do
    if (key:find('^x?%?') ~= nil) == supposed then found[#found + 1] = {key = key, one = one} end
  end
  table.sort(found, function(one, other) return one.one.e < other.one.e end)
  return found
end

-- Take so many seconds off the baskets that go first; return how many of them were not there.
local function lowered(ledger, excess, supposed)
  for _, held in ipairs(by_end(ledger, supposed)) do
    local less = math.min(excess, held.one.s)
    held.one.s, excess = held.one.s - less, excess - less
    if held.one.s <= 0.000001 then ledger.baskets[held.key] = nil end
  end
  return excess
end

-- All that may have been called counts, but nothing twice: what a copy knows of it is taken off the oldest.
local function unsuppose(ledger, seconds)
  seconds = lowered(ledger, seconds, true)
  for key, one in pairs(ledger.flight) do
    if key:find('^%?') then
      one.w = math.max(0, one.w - seconds)
      if one.w == 0 then ledger.flight[key] = nil end
    end
  end
end

-- No parts: the copy that is here was whole a moment ago, with what was supposed then.
local function suppose(ledger, parts, share)
  ledger.sure = true
  if #parts == 0 then return end
  for key in pairs(ledger.baskets) do if key:find('^x?%?') then ledger.baskets[key] = nil end end
  for key in pairs(ledger.flight) do if key:find('^%?') then ledger.flight[key] = nil end end
  local known = total(ledger)
  for number, part in ipairs(parts) do
    if part.f == 1 then
      -- Many requests at once, begun at any time.
      ledger.flight['?' .. number] = {s = 0, x = now + part.e, w = part.s * share, l = 0, n = 2}
    else
      ledger.baskets['?' .. number] = {s = part.s * share, e = now + (ledger.theta or 0) + part.e}
    end
  end
  unsuppose(ledger, known)
end

local function merged(ours, known)
  if not ours then
    known.sure = nil
    return known
  end
  local before = total(ours)
  for number, theirs in pairs(known.baskets) do
    local own = ours.baskets[number]
    if own then
      own.s, own.e = math.max(own.s, theirs.s), math.max(own.e, theirs.e)
    else
      ours.baskets[number] = theirs
    end
  end
  for id, theirs in pairs(known.flight) do ours.flight[id] = ours.flight[id] or theirs end
  unsuppose(ours, total(ours) - before)
  ours.theta = ours.theta or known.theta
  if (known.blocked or 0) > (ours.blocked or 0) then ours.blocked, ours.whole = known.blocked, known.whole end
  if ours.off == nil then ours.off = known.off end
  ours.v = math.max(ours.v, known.v)
  return ours
end

local function loaded(key, epoch, version, copy, share)
  local raw = redis.call('GET', key)
  local ledger = raw and cmsgpack.unpack(raw)
  if epoch ~= '' and not (ledger and ledger.epoch == epoch and ledger.v >= tonumber(version)) then
    if copy == '' then return nil end
    ledger = merged(ledger or nil, cmsgpack.unpack(copy))
  end
  ledger = ledger or {epoch = time[1] .. '.' .. time[2], v = 0, baskets = {}, flight = {}, recent = {}}
  if asks and not ledger.sure then
    if ARGV[14] == '' then return nil end
    suppose(ledger, cjson.decode(ARGV[14]), share)
  end
  return ledger
end

local function portal_time(ledger, moment) return moment + (ledger.theta or 0) end

local function recorded(ledger)
  local sum = 0
  for _, one in pairs(ledger.baskets) do sum = sum + one.s end
  return sum
end

local function reserved(ledger)
  local sum = 0
  for _, one in pairs(ledger.flight) do sum = sum + one.w end
  return sum
end

-- A basket goes `window` after the first call of the request that was recorded in it first: nobody here knows
-- which one that was, so at the latest when the basket's own time is over, until the portal tells better.
-- `late`: the latest moment at which the request may have begun.
local function add(ledger, late, seconds)
  if seconds <= 0 then return end
  local number = math.floor(late / basket)
  local key = string.format('%d', number)
  local one = ledger.baskets[key]
  if one then
    one.s = one.s + seconds
  else
    ledger.baskets[key] = {s = seconds, e = (number + 1) * basket + window}
  end
end

-- A request under way as it will be recorded when nobody has told of it.
local function unheard(ledger, one) return {s = one.w, e = portal_time(ledger, one.x) + basket + window} end

local function sweep(ledger)
  for id, one in pairs(ledger.flight) do
    if one.x <= now then
      -- Its process is gone and nobody will tell: it is counted in full, as late as it can have begun.
      ledger.flight[id] = nil
      if one.w > threshold then ledger.baskets['x' .. id] = unheard(ledger, one) end
    end
  end
  if ledger.blocked and ledger.blocked <= now then
    if ledger.whole then ledger.baskets, ledger.recent = {}, {} end
    ledger.blocked, ledger.whole = nil, nil
  end
  local there = portal_time(ledger, now)
  for number, one in pairs(ledger.baskets) do
    if one.e <= there then ledger.baskets[number] = nil end
  end
  for tenth in pairs(ledger.recent) do
    if tonumber(tenth) / 10 < there - 5 * UNSURE then ledger.recent[tenth] = nil end
  end
end

-- The portal refuses a call that STARTS while the recorded sum and this request's own calls are over the limit.
-- In the worst case everything else is recorded just before a request's last call starts: so the sum of all,
-- less the shortest last call, must not be over the limit. The last call itself may be as long as it is.
local function fitting(ledger, count, each, used)
  local last = each
  for _, one in pairs(ledger.flight) do last = math.min(last, one.l) end
  return math.min(count, math.floor((limit - used + last) / each + 0.000001))
end

-- A single call that surely starts within `launch` seconds sees no more recorded than could have run by then,
-- however long the calls under way will take: a volley of single calls may go over the limit together.
local function launchable(ledger, each, launch, used)
  local by_then = recorded(ledger) + math.min(each, launch)
  for _, one in pairs(ledger.flight) do
    if one.n > 1 and used + each - one.l > limit then return false end
    by_then = by_then + math.min(one.w, now + launch - one.s)
  end
  return by_then <= limit
end

local function reserve(ledger, second)
  local each, count = math.max(what.each, 0.000001), what.count
  local used = recorded(ledger) + reserved(ledger)
  local wait, granted = 0, 0
  if ledger.blocked then return 0, ledger.blocked - now, 0 end
  if ledger.off then
    granted = count
  else
    granted = math.max(0, fitting(ledger, count, each, used))
    if granted == 0 and what.launch and launchable(ledger, each, what.launch, used) then granted = 1 end
  end
  if second and granted > 1 and not second.off then
    if second.blocked then return 0, second.blocked - now, 0 end
    granted = math.min(granted, math.floor((limit - recorded(second) - reserved(second)) / (each / 2)))
    if granted < 1 then ledger = second end
  end
  if granted >= 1 then
    local entry = {s = now, x = now + what.expires, w = granted * each, l = each, n = granted}
    ledger.flight[what.id] = entry
    if second and granted > 1 then
      second.flight[what.id] = {s = entry.s, x = entry.x, w = entry.w / 2, l = 0, n = 1}
    end
    return granted, 0, 0
  end
  -- When the oldest baskets have gone, as if everything under way were recorded in none of them.
  local oldest, left, awaited, over = {}, recorded(ledger), false, math.huge
  local bound = ledger == second and limit - each / 2 or limit  -- a batch counts half
  for _, one in pairs(ledger.baskets) do oldest[#oldest + 1] = one end
  for key in pairs(ledger.flight) do awaited = awaited or not key:find('^%?') end
  -- Of what is only supposed to be under way no answer comes: it will be recorded, and counts as that.
  for _, one in pairs(awaited and {} or ledger.flight) do
    oldest[#oldest + 1], left, over = unheard(ledger, one), left + one.w, math.min(over, one.x - now)
  end
  table.sort(oldest, function(one, other) return one.e < other.e end)
  for _, one in ipairs(oldest) do
    if left <= bound then break end
    left, wait = left - one.s, math.max(0, one.e - portal_time(ledger, now))
  end
  -- Where it would fit if it ended last, it does so as soon as nothing else may be under way.
  if wait == 0 then wait = over < math.huge and math.max(0.1, over) or 0 end
  return 0, wait, wait == 0 and 1 or 0
end

-- What the portal says is the truth: `operating` at the moment of this request's last stamp. It knows nothing
-- of requests under way, and nothing certain of those that ended about then.
local function correct(ledger, finish, seconds)
  local after, doubtful, known = 0, 0, reserved(ledger)
  for tenth, recently in pairs(ledger.recent) do
    local moment = tonumber(tenth) / 10
    if moment > finish then after = after + recently end
    if moment + 0.1 > finish - UNSURE then doubtful = doubtful + recently end
  end
  local own = recorded(ledger)
  local least, most = what.operating - known + after, what.operating + seconds + doubtful
  if own < least then
    add(ledger, finish, least - own)
  elseif own > most then
    lowered(ledger, lowered(ledger, own - most, true), false)
  end
  if what.reset_at and not ledger.blocked then
    -- The oldest basket goes then (cut to a whole second), so those before it have gone.
    local oldest = math.floor((what.reset_at - window) / basket)
    for key, one in pairs(ledger.baskets) do
      local number = tonumber(key)
      if number and number < oldest then ledger.baskets[key] = nil end
      if number == oldest then one.e = math.min(one.e, what.reset_at + 1) end
    end
  end
end

local function settle(ledger, share)
  local entry = ledger.flight[what.id]
  ledger.flight[what.id] = nil
  ledger.baskets['x' .. what.id] = nil  -- the answer came later than anybody waits for one
  local seconds = what.seconds * share
  if what.finish then
    local sent = entry and entry.s or now - what.seconds
    local least, most = what.finish - now, what.finish - sent
    if not ledger.theta then
      for _, one in pairs(ledger.baskets) do one.e = one.e + least end
    end
    -- The clocks' difference lies between the two; outside them a clock was set anew.
    if not ledger.theta or ledger.theta < least or ledger.theta > most then ledger.theta = least end
  end
  local finish = what.finish or portal_time(ledger, now)
  if entry then seconds = math.min(seconds, math.max(0, finish - portal_time(ledger, entry.s)) * share) end
  if seconds > threshold then add(ledger, what.first or finish, seconds) end
  if share == 1 and what.heard then
    for _, one in ipairs(ledgers) do one.off = not what.operating end
    if what.operating then correct(ledger, finish, seconds > threshold and seconds or 0) end
  end
  if seconds > threshold then
    local tenth = string.format('%d', math.floor(finish * 10))
    ledger.recent[tenth] = (ledger.recent[tenth] or 0) + seconds
  end
end

-- A refusal: older servers refuse until the oldest basket goes; the newest from now on for the time of a ban,
-- after which the budget is whole. None of them holds longer than a window and a ban, whatever is told.
local function refuse(ledger)
  local there = portal_time(ledger, now)
  local oldest
  for _, one in pairs(ledger.baskets) do oldest = math.min(oldest or one.e, one.e) end
  local until_there = what.reset_at and what.reset_at + 1 or oldest or there + ban
  local is_ban = what.reset_at and math.abs(what.reset_at - there - ban) <= 3
    and not (oldest and math.abs(oldest - what.reset_at) <= 3)
  local known = ledger.blocked and ledger.whole
  local moment = math.min(now + window + ban, math.max(now, until_there - (ledger.theta or 0)))
  ledger.blocked, ledger.whole, ledger.off = math.max(ledger.blocked or 0, moment), known or is_ban, false
end

for place, key in ipairs(KEYS) do
  local from = 5 + 3 * place
  local ledger = loaded(key, ARGV[from], ARGV[from + 1], ARGV[from + 2], place == 1 and 1 or 0.5)
  if not ledger then return {'behind'} end
  ledgers[place] = ledger
end
for _, ledger in ipairs(ledgers) do sweep(ledger) end

local main, batches, reserves = ledgers[1], ledgers[2], {}
for _, operation in ipairs(operations) do
  what = operation
  if what.op == 'reserve' then
    local granted, wait, under_way = reserve(main, what.count > 1 and batches or nil)
    reserves[#reserves + 1] = {granted, string.format('%.6f', wait), under_way}
  elseif what.op == 'settle' then
    settle(main, 1)
    if what.calls > 1 then settle(batches, 0.5) end
  elseif what.op == 'hold' then
    -- Sent while this server could not be asked, so many seconds ago.
    local calls, sent = what.calls, now - what.age
    local entry = {s = sent, x = sent + what.expires, w = calls * what.each, l = what.each, n = calls}
    main.flight[what.id] = entry
    if calls > 1 then batches.flight[what.id] = {s = sent, x = entry.x, w = entry.w / 2, l = 0, n = 1} end
  elseif what.op == 'forget' then
    main.flight[what.id], batches.flight[what.id] = nil, nil
  else
    refuse(main)
  end
end

local answer = {string.format('%.6f', recorded(main) + reserved(main))}
for place, key in ipairs(KEYS) do
  local ledger = ledgers[place]
  ledger.v = ledger.v + 1
  local raw = cmsgpack.pack(ledger)
  redis.call('SET', key, raw, 'EX', math.ceil(window + ban + 120))
  for _, part in ipairs({ledger.epoch, ledger.v, ledger.off and 1 or 0, raw}) do answer[#answer + 1] = part end
end
answer[#answer + 1] = main.sure and batches.sure and 1 or 0
answer[#answer + 1] = string.format('%.6f', math.max(0, (main.blocked or now) - now))
for _, one in ipairs(reserves) do answer[#answer + 1] = one end
return answer
