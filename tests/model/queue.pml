/* The queue's protocol under sequential consistency: publishing, taking, recovery and waiting; one step per access to a shared word.
 *
 * Producers put one message each, of their own size; consumers take until the data ends. Up to KILLS of them are killed between two steps;
 * each is reaped. The drain begins when no producer is left; producers are told when no consumer is.
 * Checked: nobody uses a block that another one uses; what was published is acknowledged, unless every consumer died; every block
 * is free at the end; and nobody sleeps for ever, or while it could go on. With DROP_OLDEST a writer that finds no place takes the oldest message out;
 * with GIVE_BACK=n a reader gives a message back until it has failed n times and is parked. What is dropped, returned and parked is counted exactly.
 *
 * The code is in sdk/src/queue: producer.cc, consumer.cc, blocks.cc, waiting.cc, blocking.h, recovery.cc. The shared bounds head and tail, the
 * bitmaps and the counters are left out: they are hints, or follow from the blocks. A mutant (-DNO_...) leaves out one rule and must
 * fail: check.cmake has the list.
 *
 *   spin -a -DPRODUCERS=2 queue.pml && cc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -E -m100000
 */
#ifndef PRODUCERS
#define PRODUCERS 1 /* to 4 */
#endif
#ifndef CONSUMERS
#define CONSUMERS 1 /* to 2 */
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef LIMIT
#define LIMIT 2 /* messages that may wait */
#endif
#ifndef MEMORY
#define MEMORY 9 /* bytes in flight */
#endif
#ifndef SIZES
#define SIZES 1 /* producer p puts p % SIZES + 1 bytes */
#endif
#define BLOCKS 3
#define RING 2 /* places; the first ticket is RING, so that the lap before exists */
#define EVERYBODY (PRODUCERS + CONSUMERS)
#define NONE 7

mtype = { FREE, LOANED, PUSHING, LEASED, WAITED, REDELIVER, DROPPING, SETTLING, PARKED };
mtype = { NOTHING, STOPPED, READERS, PLACES, BLOCK, BYTES };

typedef Block { mtype state = FREE; byte owner = NONE; byte ticket; byte size; byte message; bool used }
Block block[BLOCKS];
byte lap[RING], there[RING]; /* the words of the ring */
bool draining, no_reader;

mtype line[5]; byte need[5]; bool stands[5]; /* a wait slot each */
bool rung[5];                                /* its doorbell has changed since it was read */
bool dead[5], reaped[5], done[5];
bool keeps[5]; /* a consumer that is busy with one message for ever */
bool published[4], acknowledged[4], dropped[4];
byte kills;

/* settle.cc: what a block's owner is about to count, and what each has counted. */
byte note[BLOCKS], tries[BLOCKS], tally[5], decided;
bool drops[BLOCKS]; /* the cause in the note */
inline decide(x, p, drop) {
  atomic { note[x] = tally[p] + 1; drops[x] = drop }
  atomic { /* the store that decides */
    block[x].state = SETTLING; block[x].owner = p; block[x].used = false; decided++;
    if :: drop -> dropped[block[x].message] = true :: else fi
  }
#ifndef NO_JOURNAL
  tally[p] = note[x];
#else
  tally[p]++;
#endif
}
inline carry_out(x) {
  atomic { tries[x] = tries[x] + (!drops[x] && note[x] != 0 -> 1 : 0); note[x] = 0 }
  atomic {
    if
    :: drops[x] -> block[x].size = 0; block[x].state = FREE; block[x].owner = NONE
#ifdef GIVE_BACK
    :: !drops[x] && tries[x] >= GIVE_BACK -> block[x].state = PARKED
#endif
    :: else -> block[x].state = REDELIVER; block[x].owner = NONE
    fi
  }
  if :: drops[x] -> wake_freed() :: else -> wake(READERS) fi;
  if :: draining -> ring_all() :: else fi
}

#define LAP(t) ((t) / RING)
#define NAMED(b) (lap[block[b].ticket % RING] == LAP(block[b].ticket) && there[block[b].ticket % RING] == b)
#define QUEUED(b, t) (block[b].state == PUSHING && block[b].ticket == (t))
#define IN_FLIGHT (block[0].size + block[1].size + block[2].size)
#define ANY_FREE (block[0].state == FREE || block[1].state == FREE || block[2].state == FREE)

/* wake_one: elects one who stands in the line and can go on, then rings it. */
#define CAN(x, l) (stands[x] && line[x] == l && (l != BLOCK || ANY_FREE) && (l != BYTES || IN_FLIGHT + need[x] <= MEMORY))
inline wake(l) {
  atomic {
    if
    :: CAN(0, l) -> stands[0] = false; w = 0
    :: CAN(1, l) -> stands[1] = false; w = 1
    :: CAN(2, l) -> stands[2] = false; w = 2
    :: CAN(3, l) -> stands[3] = false; w = 3
    :: CAN(4, l) -> stands[4] = false; w = 4
    :: else -> w = NONE
    fi
  }
  d_step { if :: w != NONE -> rung[w] = true :: else fi; w = 0 }
}
inline wake_freed() { wake(BLOCK); wake(BYTES) }
inline ring_all() { d_step { rung[0] = true; rung[1] = true; rung[2] = true; rung[3] = true; rung[4] = true } }

/* Sleeper::arm */
inline arm(l, n) {
  rung[me] = false;
  d_step { line[me] = l; need[me] = n; stands[me] = true }
}
/* Sleeper::disarm: who finds itself elected hands the election on. */
inline disarm() {
  if
  :: atomic { stands[me] -> stands[me] = false }
#ifndef NO_HANDING_ON
  :: atomic { !stands[me] -> skip } wake(line[me])
#else
  :: !stands[me]
#endif
  fi
}

/* release() of blocks.cc */
inline release_block() {
  d_step { block[b].used = false; block[b].size = 0; block[b].state = FREE; block[b].owner = NONE; b = NONE }
  wake_freed();
#ifndef NO_RING_WHILE_DRAINING
  if :: draining -> ring_all() :: else fi
#endif
}

inline claim(x) { assert(!block[x].used); block[x].state = LOANED; block[x].owner = me; block[x].used = true; b = x }

proctype Producer(byte me) provided (!dead[me]) {
  byte b = NONE, t = RING, w, old_lap, old_block, before;
  mtype want = NOTHING, now;
  bool woken;

attempt: /* put_until() */
  atomic {
    now = NOTHING;
    if
    :: no_reader -> now = STOPPED; goto attempted
    :: !no_reader && b != NONE -> goto publish
    :: else
    fi
  }
  atomic { /* Claimer::claim */
    if
    :: block[0].state == FREE -> claim(0)
    :: block[1].state == FREE -> claim(1)
    :: block[2].state == FREE -> claim(2)
    :: else -> now = BLOCK; goto attempted
    fi
  }
  atomic { /* Budget::reserve */
    if
    :: IN_FLIGHT + me % SIZES + 1 <= MEMORY -> block[b].size = me % SIZES + 1; block[b].message = me; goto publish
    :: else -> now = BYTES
    fi
  }
  release_block();
  goto attempted;
publish:
  atomic {
    old_lap = lap[t % RING]; old_block = there[t % RING];
    if
    :: old_lap >= LAP(t) -> t = t + (old_lap - LAP(t)) * RING + 1; goto publish
    :: else
    fi;
    if :: t < RING + LIMIT -> goto push :: else fi
  }
  atomic { /* room_for() */
    if
    :: lap[(t - LIMIT) % RING] != LAP(t - LIMIT) -> goto publish
    :: else -> before = there[(t - LIMIT) % RING]
    fi
  }
  atomic {
    if
#ifdef DROP_OLDEST
    :: QUEUED(before, t - LIMIT) -> block[b].state = LOANED; block[before].state = DROPPING; block[before].owner = me; goto drop
#else
    :: QUEUED(before, t - LIMIT) -> block[b].state = LOANED; now = PLACES; goto attempted
#endif
    :: else
    fi
  }
push:
  atomic { block[b].state = PUSHING; block[b].ticket = t; block[b].used = false }
  atomic { /* the exchange that publishes */
    if
    :: lap[t % RING] == old_lap && there[t % RING] == old_block -> lap[t % RING] = LAP(t); there[t % RING] = b; published[me] = true; b = NONE
    :: else -> block[b].used = true; goto publish
    fi
  }
  wake(READERS);
  goto attempted;
#ifdef DROP_OLDEST
drop: /* Consumer::drop_oldest */
  decide(before, me, true)
  carry_out(before)
  goto publish;
#endif
attempted: /* wait_for() */
  atomic {
    old_lap = 0; old_block = 0; before = 0;
    if
    :: now == NOTHING || now == STOPPED -> goto leave
    :: now != NOTHING && now == want -> goto sleep
    :: else
    fi
  }
  if :: want != NOTHING -> disarm() :: else fi;
  atomic { want = now; woken = false }
  arm(want, me % SIZES + 1);
  goto attempt;
sleep:
#ifndef NO_PASSING_ON
  if :: woken && want != PLACES -> wake_freed() :: else fi;
#endif
  atomic { rung[me] -> woken = true }
  arm(want, me % SIZES + 1);
  goto attempt;
leave:
  if
  :: want != NOTHING ->
     disarm();
#ifndef NO_GOING_ON
     wake_freed()
#endif
  :: else
  fi;
  if :: b != NONE -> release_block() :: else fi;
  done[me] = true
}

#define DELAYS(x) (block[x].state == LEASED || block[x].state == REDELIVER || block[x].state == SETTLING || (block[x].state == PUSHING && NAMED(x)))
inline take(x) { block[x].state = LEASED; block[x].owner = me; b = x }

proctype Consumer(byte me) provided (!dead[me]) {
  byte b = NONE, held = NONE, h = RING, w, x;
  bool waits, marked;

#ifdef FILLED
  if :: me == PRODUCERS -> b = 0; goto taken :: else fi;
#endif
attempt:
  atomic { /* take_returned() */
    if
    :: block[0].state == REDELIVER -> take(0); goto taken
    :: block[1].state == REDELIVER -> take(1); goto taken
    :: block[2].state == REDELIVER -> take(2); goto taken
    :: else
    fi
  }
look: /* take_published() */
  atomic {
    x = lap[h % RING];
    if
    :: x > LAP(h) -> h = h + (x - LAP(h) - 1) * RING + 1; goto look
    :: x < LAP(h) -> goto none_there
    :: else -> x = there[h % RING]
    fi
  }
  atomic { /* the exchange that takes */
    if
    :: QUEUED(x, h) -> take(x)
    :: else -> h++; goto look
    fi
  }
#ifndef NO_WAKING_FOR_PLACES
  wake(PLACES);
#endif
taken:
  atomic { x = 0; assert(!block[b].used); block[b].used = true }
  if :: waits -> disarm(); waits = false :: else fi;
  if /* Consumer::resume */
  :: marked -> atomic { marked = false; block[held].state = LEASED }
  :: else
  fi;
#ifdef OPEN
  if :: skip :: keeps[me] = true; false fi;
#endif
#ifdef GIVE_BACK
  if
  :: skip
  :: decide(b, me, false) carry_out(b) b = NONE; goto attempt
  fi;
#endif
  d_step { /* which message is done with; the one before, where one is held until the next is there */
#ifdef HOLD
    x = b; b = held; held = x; x = 0;
#endif
    if :: b != NONE -> acknowledged[block[b].message] = true :: else fi
  }
  if :: b != NONE -> release_block() :: else fi;
  goto attempt;
none_there:
  if :: !waits -> waits = true; arm(READERS, 0); goto attempt :: else fi;
  if
  :: draining -> /* is_at_end() */
#ifndef NO_MARKING
     if
     :: held != NONE && !marked -> atomic { block[held].state = WAITED; marked = true } ring_all()
     :: else
     fi;
#endif
     atomic {
       if
       :: !DELAYS(0) && !DELAYS(1) && !DELAYS(2) -> goto leave
       :: else
       fi
     }
  :: else
  fi;
  if
  :: rung[me] -> arm(READERS, 0); goto attempt
#ifdef IMPATIENT
  :: me == EVERYBODY - 1 && held == NONE -> skip /* the time is over: it leaves and does not come back */
#endif
  fi;
leave:
  disarm();
  if :: held != NONE -> d_step { b = held; acknowledged[block[b].message] = true } release_block() :: else fi;
  done[me] = true
}

#define PARKED_IN(x, m) (block[x].state == PARKED && block[x].message == m)
#define GONE(p) (done[p] || reaped[p])
#define NO_PRODUCER (GONE(0) && GONE(PRODUCERS - 1) && GONE(PRODUCERS / 2) && GONE(PRODUCERS / 3))
#define NO_CONSUMER (GONE(PRODUCERS) && GONE(EVERYBODY - 1))

/* Kills between any two steps of a process. What the dead one was using, nobody uses. */
#define VICTIM(p) (kills < KILLS && p < EVERYBODY && !dead[p] && !done[p])
inline kill(p) {
  kills++; dead[p] = true;
  if :: block[0].owner == p -> block[0].used = false :: else fi;
  if :: block[1].owner == p -> block[1].used = false :: else fi;
  if :: block[2].owner == p -> block[2].used = false :: else fi
}
proctype Killer() {
  do
  :: d_step { VICTIM(0) -> kill(0) }
  :: d_step { VICTIM(1) -> kill(1) }
  :: d_step { VICTIM(2) -> kill(2) }
  :: d_step { VICTIM(3) -> kill(3) }
  :: d_step { VICTIM(4) -> kill(4) }
  :: break
  od
}

/* reap() of recovery.cc, once the process is dead. */
inline reap(x) {
  atomic {
    if
    :: block[x].owner == p && (block[x].state == LOANED || (block[x].state == PUSHING && !NAMED(x))) ->
       block[x].state = FREE; block[x].owner = NONE; block[x].size = 0
#if !defined(GIVE_BACK) && !defined(DROP_OLDEST)
    :: block[x].owner == p && (block[x].state == LEASED || block[x].state == WAITED) -> block[x].state = REDELIVER; block[x].owner = NONE
#endif
    :: else
    fi
  }
#if defined(GIVE_BACK) || defined(DROP_OLDEST)
  if /* settle_for() */
  :: block[x].owner == p && block[x].state == DROPPING -> decide(x, p, true) carry_out(x)
  :: block[x].owner == p && (block[x].state == LEASED || block[x].state == WAITED) -> decide(x, p, false) carry_out(x)
  :: block[x].owner == p && block[x].state == SETTLING ->
#ifndef NO_JOURNAL
     d_step { if :: note[x] > tally[p] -> tally[p] = note[x] :: else fi }
#endif
     carry_out(x)
  :: else
  fi
#endif
}
proctype Reaper(byte p) {
  byte w;
  dead[p];
  reap(0);
  reap(1);
  reap(2);
  stands[p] = false;
#ifndef NO_RING_AFTER_REAPING
  ring_all();
#endif
  reaped[p] = true
}

proctype EndOfWriters() { NO_PRODUCER; draining = true; ring_all() }
proctype EndOfReaders() { dead[PRODUCERS] && dead[EVERYBODY - 1]; no_reader = true; ring_all() }

/* With OPEN the data has no end and consumers may keep a message for ever. Then, at a standstill, nobody may sleep who could go on. */
#define HOLDS_ONE(b) (block[b].state == REDELIVER || (block[b].state == PUSHING && NAMED(b)))
#define WAITING (HOLDS_ONE(0) + HOLDS_ONE(1) + HOLDS_ONE(2))
#define COULD(l, n) ((l == READERS && WAITING > 0) || (l == PLACES && WAITING < LIMIT) || (l == BLOCK && ANY_FREE) || (l == BYTES && IN_FLIGHT + n <= MEMORY))
#define SLEEPS_IN_VAIN(x) (x < EVERYBODY && !done[x] && !dead[x] && !keeps[x] && COULD(line[x], need[x]))
#ifdef OPEN
#define STANDSTILL_IS_RIGHT (!SLEEPS_IN_VAIN(0) && !SLEEPS_IN_VAIN(1) && !SLEEPS_IN_VAIN(2) && !SLEEPS_IN_VAIN(3) && !SLEEPS_IN_VAIN(4))
#else
#define STANDSTILL_IS_RIGHT false
#endif

init {
  byte i;
  atomic {
#ifdef FILLED /* the first consumer has taken a message that uses up the memory */
    block[0].state = LEASED; block[0].owner = PRODUCERS; block[0].size = MEMORY; block[0].message = 3;
#endif
    for (i : 0 .. PRODUCERS - 1) { run Producer(i) }
    for (i : PRODUCERS .. EVERYBODY - 1) { run Consumer(i) }
#ifndef OPEN
    run EndOfWriters();
#endif
#if KILLS > 0
    run Killer();
    for (i : 0 .. EVERYBODY - 1) { run Reaper(i) }
    run EndOfReaders();
#endif
    i = 0
  }
  if
  :: NO_PRODUCER && NO_CONSUMER
  :: timeout -> assert(STANDSTILL_IS_RIGHT); goto end
  fi;
  atomic {
    assert(decided == tally[0] + tally[1] + tally[2] + tally[3] + tally[4]);
    if
    :: dead[PRODUCERS] && dead[EVERYBODY - 1] /* what is left is reported as left over */
    :: else ->
       for (i : 0 .. PRODUCERS - 1) { assert(!published[i] || acknowledged[i] || dropped[i] || PARKED_IN(0, i) || PARKED_IN(1, i) || PARKED_IN(2, i)) }
       for (i : 0 .. BLOCKS - 1) { assert(block[i].state == FREE || block[i].state == PARKED || (block[i].state == PUSHING && !NAMED(i))) }
    fi
  }
end: skip
}
