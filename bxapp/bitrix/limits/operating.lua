-- Execution time ("operating") of one portal, application and method, for all processes at once.
--
-- KEYS     the ledger of the method; for a batch also that of "batch", which counts half of its time
-- ARGV     1 operation  2 clock for tests, "" for TIME  3 limit  4 window  5 basket  6 threshold  7 ban
--          8 what the operation needs, as JSON
--          9, 10, 11 epoch, version and copy of the first ledger as the caller knows it ("", 0, "" for none),
--          12, 13, 14 of the second. A copy is sent only after the answer "behind": Redis has lost something.
-- returns  {"behind"} or {granted, seconds to wait, 1 if it is calls under way that must end first,
--          seconds used and reserved, first ledger, second ledger}
--
-- A ledger:  epoch, v (version)  baskets {number: {s seconds, e ends at, f first record at}} in the portal's time
--            flight {id: {s sent, x expires, w seconds expected, l seconds of its last call, n calls}} in Redis's
--            recent [{f finished, w seconds}] in the portal's time  theta (portal's clock less Redis's, at least)
--            blocked (until, Redis's time), whole (the budget is whole again after it)  off (nothing is limited)

local operation, what = ARGV[1], cjson.decode(ARGV[8])
local limit, window, basket = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local threshold, ban = tonumber(ARGV[6]), tonumber(ARGV[7])
local CLOSE = 0.25     -- a stamp this close to another does not tell which of the two was recorded first
local UNSURE = 1       -- nor, with more certainty, whether the sum that the portal told holds it already
local ledgers = {}
local now = tonumber(ARGV[2])
local time = redis.call('TIME')
now = now or tonumber(time[1]) + tonumber(time[2]) / 1000000

local function merged(ours, known)
  if not ours then return known end
  for number, theirs in pairs(known.baskets) do
    local own = ours.baskets[number]
    if own then
      own.s, own.e, own.f = math.max(own.s, theirs.s), math.max(own.e, theirs.e), math.min(own.f, theirs.f)
    else
      ours.baskets[number] = theirs
    end
  end
  for id, theirs in pairs(known.flight) do ours.flight[id] = ours.flight[id] or theirs end
  ours.theta = ours.theta or known.theta
  if (known.blocked or 0) > (ours.blocked or 0) then ours.blocked, ours.whole = known.blocked, known.whole end
  if ours.off == nil then ours.off = known.off end
  ours.v = math.max(ours.v, known.v)
  return ours
end

local function loaded(key, epoch, version, copy)
  local raw = redis.call('GET', key)
  local ledger = raw and cjson.decode(raw)
  if epoch ~= '' and not (ledger and ledger.epoch == epoch and ledger.v >= tonumber(version)) then
    if copy == '' then return nil end
    ledger = merged(ledger or nil, cjson.decode(copy))
  end
  return ledger or {epoch = time[1] .. '.' .. time[2], v = 0, baskets = {}, flight = {}, recent = {}}
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

-- A basket goes `window` after the first call of the request that was recorded in it first. `early` and `late`
-- bound the moment of this request's first call; when they leave open which basket it is, it gets its own.
local function add(ledger, early, late, finish, seconds)
  if seconds <= 0 then return end
  local number = string.format('%d', math.floor(late / basket))
  if math.floor(early / basket) ~= math.floor(late / basket) then number = 'u' .. number end
  local one = ledger.baskets[number]
  if not one then
    local certain = ledger.baskets[string.format('%d', math.floor(late / basket))]
    local ends = late + window
    if certain and certain.f <= finish + CLOSE then ends = math.max(ends, certain.e) end
    ledger.baskets[number] = {s = seconds, e = ends, f = finish}
    return
  end
  one.s = one.s + seconds
  if finish <= one.f + CLOSE then one.e, one.f = math.max(one.e, late + window), math.min(one.f, finish) end
end

local function sweep(ledger)
  for id, one in pairs(ledger.flight) do
    if one.x <= now then
      -- Its process is gone and nobody will tell: it is counted in full. It may have been the first record of
      -- any basket since it was sent, which then goes as late as it can.
      ledger.flight[id] = nil
      local sent, ended = portal_time(ledger, one.s), portal_time(ledger, one.x)
      for number, held in pairs(ledger.baskets) do
        if held.f >= sent and tonumber(number) then held.e = (tonumber(number) + 1) * basket + window end
      end
      if one.w > threshold then
        ledger.baskets['x' .. id] = {s = one.w, e = ended + window, f = ended}
      end
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
  local recent = {}
  for _, one in ipairs(ledger.recent) do
    if one.f > there - 5 * UNSURE then recent[#recent + 1] = one end
  end
  ledger.recent = recent
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
  local wait, under_way, granted = 0, 0, 0
  if ledger.blocked then return 0, ledger.blocked - now, 0, used end
  if ledger.off then
    granted = count
  else
    granted = math.max(0, fitting(ledger, count, each, used))
    if granted == 0 and what.launch and launchable(ledger, each, what.launch, used) then granted = 1 end
  end
  if second and granted > 1 and not second.off then
    if second.blocked then return 0, second.blocked - now, 0, used end
    granted = math.min(granted, math.floor((limit - recorded(second) - reserved(second)) / (each / 2)))
    if granted < 1 then ledger = second end
  end
  if granted >= 1 then
    local entry = {s = now, x = now + what.expires, w = granted * each, l = each, n = granted}
    ledger.flight[what.id] = entry
    if second and granted > 1 then
      second.flight[what.id] = {s = entry.s, x = entry.x, w = entry.w / 2, l = 0, n = 1}
    end
    return granted, 0, 0, used
  end
  -- When the oldest baskets have gone, as if everything under way were recorded in none of them.
  local oldest, left = {}, recorded(ledger)
  for _, one in pairs(ledger.baskets) do oldest[#oldest + 1] = one end
  table.sort(oldest, function(one, other) return one.e < other.e end)
  for _, one in ipairs(oldest) do
    if left <= limit then break end
    left, wait = left - one.s, math.max(0, one.e - portal_time(ledger, now))
  end
  if wait == 0 then under_way = 1 end
  return 0, wait, under_way, used
end

local function lower(ledger, excess)
  local oldest = {}
  for number, one in pairs(ledger.baskets) do oldest[#oldest + 1] = {number = number, one = one} end
  table.sort(oldest, function(one, other) return one.one.e < other.one.e end)
  for _, held in ipairs(oldest) do
    local less = math.min(excess, held.one.s)
    held.one.s, excess = held.one.s - less, excess - less
    if held.one.s <= 0.000001 then ledger.baskets[held.number] = nil end
  end
end

-- What the portal says is the truth: `operating` at the moment of this request's last stamp. It knows nothing
-- of requests under way, and nothing certain of those that ended about then.
local function correct(ledger, early, late, finish, seconds)
  local after, doubtful, known = 0, 0, reserved(ledger)
  for _, one in ipairs(ledger.recent) do
    if one.f > finish then after = after + one.w end
    if one.f > finish - UNSURE then doubtful = doubtful + one.w end
  end
  local own = recorded(ledger)
  local least, most = what.operating - known + after, what.operating + seconds + doubtful
  if own < least then
    add(ledger, finish, finish, finish, least - own)
  elseif own > most then
    lower(ledger, own - most)
  end
  if what.reset_at and not ledger.blocked then
    -- The oldest basket goes then (cut to a whole second).
    local oldest = ledger.baskets[string.format('%d', math.floor((what.reset_at - window) / basket))]
    if oldest then oldest.e = math.min(math.max(oldest.e, what.reset_at), what.reset_at + 1) end
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
      for _, one in pairs(ledger.baskets) do one.e, one.f = one.e + least, one.f + least end
    end
    -- The clocks' difference lies between the two; outside them a clock was set anew.
    if not ledger.theta or ledger.theta < least or ledger.theta > most then ledger.theta = least end
  end
  local finish = what.finish or portal_time(ledger, now)
  if entry then seconds = math.min(seconds, math.max(0, finish - portal_time(ledger, entry.s)) * share) end
  local late = what.first or finish
  local early = math.min(late, portal_time(ledger, entry and entry.s or now - what.seconds))
  if seconds > threshold then
    add(ledger, early, late, finish, seconds)
  end
  if share == 1 and what.heard then
    for _, one in ipairs(ledgers) do one.off = not what.operating end
    if what.operating then correct(ledger, early, late, finish, seconds > threshold and seconds or 0) end
  end
  if seconds > threshold then ledger.recent[#ledger.recent + 1] = {f = finish, w = seconds} end
end

-- A refusal: older servers refuse until the oldest basket goes; the newest from now on for the time of a ban,
-- after which the budget is whole.
local function refuse(ledger)
  local there = portal_time(ledger, now)
  local oldest
  for _, one in pairs(ledger.baskets) do oldest = math.min(oldest or one.e, one.e) end
  local until_there = what.reset_at and what.reset_at + 1 or oldest or there + ban
  local is_ban = what.reset_at and math.abs(what.reset_at - there - ban) <= 3
    and not (oldest and math.abs(oldest - what.reset_at) <= 3)
  local known = ledger.blocked and ledger.whole
  local moment = math.max(now, until_there - (ledger.theta or 0))
  ledger.blocked, ledger.whole, ledger.off = math.max(ledger.blocked or 0, moment), known or is_ban, false
end

for place, key in ipairs(KEYS) do
  local from = 6 + 3 * place
  local ledger = loaded(key, ARGV[from], ARGV[from + 1], ARGV[from + 2])
  if not ledger then return {'behind'} end
  ledgers[place] = ledger
end
for _, ledger in ipairs(ledgers) do sweep(ledger) end

local granted, wait, under_way, used = 0, 0, 0, 0
if operation == 'reserve' then
  granted, wait, under_way, used = reserve(ledgers[1], ledgers[2])
else
  for place, ledger in ipairs(ledgers) do
    if operation == 'settle' then settle(ledger, place == 1 and 1 or 0.5) end
    if operation == 'forget' then ledger.flight[what.id] = nil end
  end
  if operation == 'refuse' then refuse(ledgers[1]) end
  used = recorded(ledgers[1]) + reserved(ledgers[1])
end

local answer = {granted, string.format('%.6f', wait), under_way, string.format('%.6f', used)}
for place, key in ipairs(KEYS) do
  local ledger = ledgers[place]
  ledger.v = ledger.v + 1
  local raw = cjson.encode(ledger)
  redis.call('SET', key, raw, 'EX', math.ceil(window + ban + 120))
  answer[4 + place] = raw
end
return answer
