/**
 * The answer log's scripts. Each writes and publishes on the conversation's channel at once, so a reader never sees a frame
 * whose text is not in the log. All but APPEND touch one answer's keys.
 *
 * KEYS, where nothing else is said: 1 meta, 2 text, 3 live, 4 channel, 5 before. All times are milliseconds.
 *
 * The meta hash: `epoch`; `state`; `ending`, once the text is whole; `pen`, `<epoch>:<length>` while the epoch may be written,
 * which is all that a piece has to fit, and else empty.
 */

/** Of meta's state: why a fence took the pen away, or nil. */
const FENCE_OF = `
local function fence_of(state)
  if state == 'stopping' or state == 'superseding' then return state end
end
`;

/**
 * ARGV: epoch, ttl, answerId, frame, the epoch that is never reached. Refuses an epoch that is not newer than the newest; one
 * that was fenced before it was opened learns why.
 *
 * An opening that arrives twice (a connection that broke between write and reply sends it again) changes nothing. History
 * gives an epoch to one worker only, so who finds it open and empty is the worker that has opened it.
 *
 * What was shown until then is put aside: should nothing come of this epoch, it is the answer.
 */
export const OPEN = `${FENCE_OF}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'pen')
local current = tonumber(meta[1] or '0')
local pen = ARGV[1] .. ':0'
if current == tonumber(ARGV[1]) then
  if fence_of(meta[2]) then return meta[2] end
  if meta[3] == pen then return 'ok' end
end
if meta[1] == ARGV[5] then return 'forgotten' end
if current >= tonumber(ARGV[1]) then return 'replaced' end
if redis.call('STRLEN', KEYS[2]) > 0 then redis.call('RENAME', KEYS[2], KEYS[5]) end
redis.call('DEL', KEYS[2])
redis.call('PEXPIRE', KEYS[5], ARGV[2])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', 'streaming', 'pen', pen)
redis.call('HDEL', KEYS[1], 'ending')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
redis.call('PUBLISH', KEYS[4], ARGV[4])
return 'ok'
`;

/**
 * Takes many pieces in one call, of many answers: what a call costs is more than what a piece costs. KEYS, for each piece:
 * meta, text, channel. ARGV: ttl, and for each piece: the pen before, the pen after, text, frame. Returns a result for each.
 *
 * An append that arrives twice (a connection that broke between write and reply sends it again) is recognised by the pen after
 * it and changes nothing; one without text neither.
 */
export const APPEND = `
local function unfit(meta_key, before, after)
  local meta = redis.call('HMGET', meta_key, 'epoch', 'state', 'pen')
  if not meta[1] then return 'missing' end
  if meta[1] ~= string.match(before, '%d+') or meta[2] == 'stored' then return 'replaced' end
  if meta[2] ~= 'streaming' then return meta[2] end
  return meta[3] == after and 'ok' or 'missing'
end
local function append(meta_key, text_key, channel, before, after, text, frame)
  if redis.call('HGET', meta_key, 'pen') ~= before then return unfit(meta_key, before, after) end
  if before == after then return 'ok' end
  redis.call('APPEND', text_key, text)
  redis.call('HSET', meta_key, 'pen', after)
  if string.sub(before, -2) == ':0' then redis.call('PEXPIRE', text_key, ARGV[1]) end
  redis.call('PUBLISH', channel, frame)
  return 'ok'
end
local results = {}
for piece = 1, #KEYS / 3 do
  local key, arg = piece * 3, piece * 4
  results[piece] = append(KEYS[key - 2], KEYS[key - 1], KEYS[key],
    ARGV[arg - 2], ARGV[arg - 1], ARGV[arg], ARGV[arg + 1])
end
return results
`;

/**
 * ARGV: epoch, length, text, ttl, answerId. Writes the whole text again after Redis lost it. Nothing is published: readers
 * find the gap with the next piece. An epoch that was fenced meanwhile stays so: the next append learns it. One that was
 * stored without its writer is over.
 */
export const RESTORE = `${FENCE_OF}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state')
local current = tonumber(meta[1] or '0')
local epoch = tonumber(ARGV[1])
if current > epoch or (current == epoch and meta[2] == 'stored') then return 'replaced' end
local fence = current == epoch and fence_of(meta[2])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', fence or 'streaming',
  'pen', fence and '' or ARGV[1] .. ':' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
redis.call('SADD', KEYS[3], ARGV[5])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return 'ok'
`;

/**
 * ARGV: state, epoch, ttl. Ends the writing of that epoch, whether it has been opened yet or not: whoever writes learns the
 * state from its next append, or when it opens the log. Also of a sealed one, which may be opened again for an apology.
 *
 * The text of an epoch before, and its ending, stay: they were shown, and whoever ends the answer seals them.
 */
export const FENCE = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'ending')
local current = tonumber(meta[1] or '0')
if current >= tonumber(ARGV[2]) and meta[2] == 'stored' then return 'ok' end
if current < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'state', ARGV[1], 'pen', '')
elseif meta[2] == 'streaming' or (meta[2] == 'finished' and not meta[3]) then
  redis.call('HSET', KEYS[1], 'state', ARGV[1], 'pen', '')
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'ok'
`;

/**
 * ARGV: epoch, ending, ttl. The text is whole; the ending is kept beside it until history has stored both, so that whoever is
 * asked to produce the answer again can hand it over instead.
 */
export const FINISH = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state')
if not meta[1] then return 'missing' end
if meta[1] ~= ARGV[1] or meta[2] == 'stored' then return 'replaced' end
redis.call('HSET', KEYS[1], 'state', 'finished', 'ending', ARGV[2], 'pen', '')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 'ok'
`;

/**
 * ARGV: epoch, ttl. Takes the text over from a dead worker, or, if it had not come to any, that of the epoch before: nobody may
 * append any more. Returns the text and the state, which is that of its own epoch's fence if there is one: the answer has been
 * asked to end meanwhile.
 */
export const SEAL = `${FENCE_OF}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state')
local current = tonumber(meta[1] or '0')
local epoch = tonumber(ARGV[1])
if current > epoch then return false end
local state = current == epoch and fence_of(meta[2]) or 'finished'
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', state, 'pen', '')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if redis.call('STRLEN', KEYS[2]) == 0 and redis.call('EXISTS', KEYS[5]) == 1 then
  redis.call('RENAME', KEYS[5], KEYS[2])
end
return { redis.call('GET', KEYS[2]) or '', state }
`;

/** ARGV: ttl, answerId, frame. History has stored the answer: the log is only kept for readers that are on their way. */
export const RETIRE = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'state', 'stored', 'pen', '')
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
redis.call('DEL', KEYS[5])
redis.call('SREM', KEYS[3], ARGV[2])
redis.call('PUBLISH', KEYS[4], ARGV[3])
return 'ok'
`;

/** ARGV: an epoch that is never reached, ttl, answerId. What is left refuses whoever still writes, and goes by itself. */
export const FORGET = `
redis.call('DEL', KEYS[2], KEYS[5])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', 'stored', 'pen', '')
redis.call('HDEL', KEYS[1], 'ending')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SREM', KEYS[3], ARGV[3])
return 'ok'
`;

/** Returns epoch, state, text and ending as one moment saw them. */
export const READ = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'ending')
if not meta[1] then return false end
return { meta[1], meta[2], redis.call('GET', KEYS[2]) or '', meta[3] or '' }
`;
