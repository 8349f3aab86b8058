/* The topic's protocol under sequential consistency: publishing, cursors, retiring, reading in place, and waiting for a place; one step per
 * access to a shared word.
 *
 * Writers put EACH messages each. One reader gates: its process has HANDLES threads, which take from one place and acknowledge in any order.
 * LOSSY readers do not gate: each takes what it can get, one message at a time. Up to KILLS processes of those that KILL_... names are killed
 * between two steps, reaped, and gone for good.
 * Checked: nobody reads a block that is filled anew; the reader that gates gets every message once, each handle in order, and its cursor follows; a message is
 * retired only when that reader is done with it; no more than HISTORY messages are kept; every block is free or kept at the end; and nobody
 * sleeps for ever.
 *
 * The code is in sdk/src/topic: publisher.cc, retire.cc, subscriber.cc, subscription.cc, recovery.cc. The shared bounds, maps and counters of
 * bytes are left out: they are hints, or follow from the blocks. A mutant (-DNO_...) leaves out one rule and must fail: CMakeLists.txt has the
 * list.
 */
#ifndef WRITERS
#define WRITERS 1 /* to 2 */
#endif
#ifndef EACH
#define EACH 2
#endif
#ifndef HANDLES
#define HANDLES 1 /* to 2; 0: no reader gates */
#endif
#ifndef LOSSY
#define LOSSY 1 /* to 2; 0: every reader gates */
#endif
#ifndef HISTORY
#define HISTORY 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#define RING 2 /* places; the first ticket is RING, so that the lap before exists */
#define ALL (WRITERS * EACH)
#define END (RING + ALL)
#define BLOCKS (HISTORY + 2 * WRITERS + LOSSY)
#define NONE 15

/* Numbers: writers from 0, handles of the reader that gates from 2, lossy readers from 4. */
#define GATE 2
#define LOSSY_AT 4
#define EVERYBODY 6

mtype = { FREE, LOANED, PUSHING, RETIRED };
mtype = { UNSAID, HELD, RETURNED, DONE };
mtype = { NOWHERE, READERS, PLACES };

typedef Block { mtype state = FREE; byte owner = NONE; byte ticket; byte message }
Block block[BLOCKS];
byte lap[RING], there[RING]; /* the words of the ring */
bool draining;

byte cursor = RING, next = RING; /* of the reader that gates */
bool gate_gone;
bool published[END + 1], taken[END + 1], acknowledged[END + 1];
byte reads[EVERYBODY] = NONE; /* the block that this one has in hand */
#define IN_HAND(b) (reads[2] == b || reads[3] == b || reads[4] == b || reads[5] == b)
byte note_ticket[2 * RING]; mtype note[2 * RING] = UNSAID; /* of lossy reader i at place p: i * RING + p */
byte note_block[2 * RING];
byte next_of[2] = RING;
bool lossy_gone[2];
mtype gate_note[RING] = UNSAID; byte gate_ticket[RING];

mtype line[EVERYBODY]; bool rung[EVERYBODY];
bool dead[EVERYBODY], done[EVERYBODY], reaped[EVERYBODY];
byte kills;

#define LAP(t) ((t) / RING)
#define NAMED(b) (lap[block[b].ticket % RING] == LAP(block[b].ticket) && there[block[b].ticket % RING] == b)
#define IS_PUSHING(b, t) (block[b].state == PUSHING && block[b].ticket == (t))
#define KEEPS(i, t) (note_ticket[(i) * RING + (t) % RING] == (t) && (note[(i) * RING + (t) % RING] == HELD || note[(i) * RING + (t) % RING] == RETURNED) && !lossy_gone[i])

inline ring_all() { d_step { rung[0] = true; rung[1] = true; rung[2] = true; rung[3] = true; rung[4] = true; rung[5] = true } }
inline wake_all(l) {
  d_step {
    if :: line[0] == l -> line[0] = NOWHERE; rung[0] = true :: else fi;
    if :: line[1] == l -> line[1] = NOWHERE; rung[1] = true :: else fi;
    if :: line[2] == l -> line[2] = NOWHERE; rung[2] = true :: else fi;
    if :: line[3] == l -> line[3] = NOWHERE; rung[3] = true :: else fi;
    if :: line[4] == l -> line[4] = NOWHERE; rung[4] = true :: else fi;
    if :: line[5] == l -> line[5] = NOWHERE; rung[5] = true :: else fi
  }
}
inline wake_place() {
  atomic {
    if
    :: line[0] == PLACES -> line[0] = NOWHERE; rung[0] = true
    :: line[1] == PLACES -> line[1] = NOWHERE; rung[1] = true
    :: else
    fi
  }
}
inline arm(l) { rung[me] = false; line[me] = l }
inline disarm(l) {
  if
  :: atomic { line[me] == l -> line[me] = NOWHERE }
  :: atomic { line[me] == NOWHERE -> skip } if :: l == PLACES -> wake_place() :: else fi
  fi
}

/* free_retired(): of a block that some lossy reader may still have in hand. */
inline free_retired(x, t) {
  if
  :: atomic { block[x].state == RETIRED && block[x].ticket == (t) -> skip }
     if
     :: KEEPS(0, t) -> skip
     :: else ->
        if
        :: LOSSY > 1 && KEEPS(1, t) -> skip
        :: else -> atomic { if :: block[x].state == RETIRED && block[x].ticket == (t) -> assert(!IN_HAND(x)); block[x].state = FREE :: else fi }
        fi
     fi
  :: else
  fi
}

/* retire(): x is a scratch variable of the caller */
inline retire(t) {
  atomic { if :: lap[(t) % RING] == LAP(t) -> x = there[(t) % RING] :: else -> x = NONE fi }
  if
  :: x != NONE ->
     atomic {
       if
       :: IS_PUSHING(x, t) -> assert(gate_gone || acknowledged[t]); block[x].state = RETIRED
       :: else -> x = NONE
       fi
     }
     if
#ifndef NO_LOOK_AT_NOTES
     :: x != NONE && KEEPS(0, t) -> x = NONE
     :: x != NONE && !KEEPS(0, t) && LOSSY > 1 && KEEPS(1, t) -> x = NONE
     :: x != NONE && !KEEPS(0, t) && !(LOSSY > 1 && KEEPS(1, t)) ->
#else
     :: x != NONE ->
#endif
        atomic { if :: block[x].state == RETIRED && block[x].ticket == (t) -> assert(!IN_HAND(x)); block[x].state = LOANED; block[x].owner = me :: else -> x = NONE fi }
        if :: x != NONE -> block[x].state = FREE :: else fi
     :: else
     fi
  :: else
  fi;
  x = NONE
}

proctype Writer(byte me) provided (!dead[me]) {
  byte b = NONE, t = RING, first = RING, x = NONE, old_lap, old_block, count, room;

again:
  if :: count == EACH -> goto leave :: else fi;
  atomic { /* a block of the right size is always there */
    x = 0;
    do
    :: x < BLOCKS && block[x].state != FREE -> x++
    :: else -> break
    od;
    assert(x < BLOCKS);
    assert(!IN_HAND(x));
    block[x].state = LOANED; block[x].owner = me; block[x].message = 0; b = x; x = NONE
  }
publish:
  atomic {
    old_lap = lap[t % RING]; old_block = there[t % RING];
    if
    :: old_lap >= LAP(t) -> t = t + (old_lap - LAP(t)) * RING + 1; goto publish
    :: else
    fi
  }
  room = (gate_gone -> END : cursor + HISTORY); /* allowed() */
  if :: t >= room -> goto wait :: else fi;
  do /* make_place() */
  :: first + HISTORY <= t -> retire(first); first++
  :: else -> break
  od;
  atomic { block[b].state = PUSHING; block[b].ticket = t; block[b].message = t }
  atomic { /* the exchange that publishes */
    if
    :: lap[t % RING] == old_lap && there[t % RING] == old_block -> lap[t % RING] = LAP(t); there[t % RING] = b; published[t] = true; b = NONE
    :: else -> goto publish
    fi
  }
  wake_all(READERS);
  count++;
  goto again;
wait:
  if
  :: line[me] == NOWHERE -> atomic { block[b].state = LOANED; skip } arm(PLACES); goto publish
  :: else
  fi;
  atomic { rung[me] -> skip }
  arm(PLACES);
  goto publish;
leave:
  if :: line[me] == PLACES -> line[me] = NOWHERE :: else fi;
  done[me] = true
}

/* A thread of the reader that gates. */
#define NEXT_IS_DONE(t) (gate_ticket[(t) % RING] == (t) && gate_note[(t) % RING] == DONE)
proctype Gate(byte me) provided (!dead[me]) {
  byte t, last = 0, b, from, to;

attempt:
  t = next;
  atomic {
    if
    :: lap[t % RING] == LAP(t) -> b = there[t % RING]
    :: lap[t % RING] > LAP(t) -> goto attempt
    :: else -> goto none
    fi
  }
  atomic { if :: next == t -> next = t + 1 :: else -> goto attempt fi }
  atomic { /* in hand */
    assert(!taken[t] && t > last); taken[t] = true; last = t;
    reads[me] = b; assert(block[b].message == t)
  }
  atomic { assert(block[b].message == t && IS_PUSHING(b, t)); reads[me] = NONE; acknowledged[t] = true }
  /* acknowledge_in_order() */
  if
  :: cursor != t ->
     atomic { gate_ticket[t % RING] = t; gate_note[t % RING] = DONE }
     if :: cursor != t -> goto attempt :: else fi
  :: else
  fi;
  from = t;
advance:
  to = from + 1;
  do
  :: NEXT_IS_DONE(to) -> to++
  :: else -> break
  od;
  atomic { if :: cursor == from -> cursor = to :: else -> goto attempt fi }
#ifndef NO_SECOND_LOOK
  if :: NEXT_IS_DONE(to) -> from = to; goto advance :: else fi;
#endif
#ifndef NO_WAKING_FOR_PLACES
  wake_place();
#endif
  goto attempt;
none:
  if :: line[me] == NOWHERE -> arm(READERS); goto attempt :: else fi;
  atomic { if :: draining && lap[next % RING] < LAP(next) -> goto leave :: else fi }
  atomic { rung[me] -> skip }
  arm(READERS);
  goto attempt;
leave:
  line[me] = NOWHERE;
  done[me] = true
}

#define PLACE(t) (me - LOSSY_AT) * RING + (t) % RING
proctype Lossy(byte me) provided (!dead[me]) {
  byte t = RING, b;

attempt:
  atomic {
    if
    :: lap[t % RING] > LAP(t) -> t++; goto attempt
    :: lap[t % RING] < LAP(t) -> goto none
    :: else -> b = there[t % RING]
    fi
  }
#ifndef LOOK_BEFORE_NOTE
  atomic { note_block[PLACE(t)] = b; note_ticket[PLACE(t)] = t; note[PLACE(t)] = HELD }
#endif
  if
  :: IS_PUSHING(b, t) -> skip
  :: else ->
     note[PLACE(t)] = DONE;
     free_retired(b, t);
     t++;
     goto attempt
  fi;
#ifdef LOOK_BEFORE_NOTE
  atomic { note_block[PLACE(t)] = b; note_ticket[PLACE(t)] = t; note[PLACE(t)] = HELD }
#endif
  next_of[me - LOSSY_AT] = t + 1;
  atomic { reads[me] = b; assert(block[b].message == t) }
  atomic { assert(block[b].message == t); reads[me] = NONE }
  note[PLACE(t)] = DONE;
#ifndef NO_FREEING_BY_READERS
  free_retired(b, t);
#endif
  t++;
  goto attempt;
none:
  if :: line[me] == NOWHERE -> arm(READERS); goto attempt :: else fi;
  atomic { if :: draining && lap[t % RING] < LAP(t) -> goto leave :: else fi }
  atomic { rung[me] -> skip }
  arm(READERS);
  goto attempt;
leave:
  line[me] = NOWHERE;
  done[me] = true
}

/* Kills between any two steps of a process. What the dead one had in hand, nobody reads. */
#define MAY_DIE(p) (kills < KILLS && !dead[p] && !done[p])
proctype Killer() {
  do
#ifdef KILL_LOSSY
  :: d_step { MAY_DIE(LOSSY_AT) -> kills++; dead[LOSSY_AT] = true; reads[LOSSY_AT] = NONE }
#endif
#ifdef KILL_GATE
  :: d_step { MAY_DIE(GATE) -> kills++; dead[GATE] = true; dead[GATE + 1] = true; reads[GATE] = NONE; reads[GATE + 1] = NONE }
#endif
#ifdef KILL_WRITER
  :: d_step { MAY_DIE(0) -> kills++; dead[0] = true }
#endif
  :: break
  od
}

/* reap() and then remove_reader() of recovery.cc. */
proctype Reaper(byte p) {
  byte x, u;
  dead[p];
  x = 0;
  do /* blocks that it had on loan, or had not published */
  :: x < BLOCKS ->
     atomic { if :: block[x].owner == p && (block[x].state == LOANED || (block[x].state == PUSHING && !NAMED(x))) -> block[x].state = FREE :: else fi }
     x++
  :: else -> break
  od;
  if
  :: p >= LOSSY_AT -> lossy_gone[p - LOSSY_AT] = true
  :: p == GATE -> gate_gone = true
  :: else
  fi;
  x = 0;
  do /* free_all_retired() */
  :: x < BLOCKS -> u = block[x].ticket; free_retired(x, u); x++
  :: else -> break
  od;
  line[p] = NOWHERE;
#ifndef NO_RING_AFTER_REAPING
  ring_all();
#endif
  if :: p == GATE -> reaped[GATE + 1] = true :: else fi;
  reaped[p] = true
}

#define GONE(p) (done[p] || reaped[p])
proctype EndOfWriters() { GONE(0) && GONE(WRITERS - 1); draining = true; ring_all() }

init {
  byte i, kept;
  atomic {
    for (i : 0 .. EVERYBODY - 1) { line[i] = NOWHERE }
    for (i : 0 .. WRITERS - 1) { run Writer(i) }
#if HANDLES > 0
    for (i : GATE .. GATE + HANDLES - 1) { run Gate(i) }
#else
    gate_gone = true; done[GATE] = true;
#endif
#if LOSSY > 0
    for (i : LOSSY_AT .. LOSSY_AT + LOSSY - 1) { run Lossy(i) }
#else
    done[LOSSY_AT] = true;
#endif
    run EndOfWriters();
#if KILLS > 0
    run Killer();
#ifdef KILL_WRITER
    run Reaper(0);
#endif
#ifdef KILL_GATE
    run Reaper(GATE);
#endif
#ifdef KILL_LOSSY
    run Reaper(LOSSY_AT);
#endif
#endif
    i = 0
  }
  if
  :: GONE(0) && GONE(WRITERS - 1) && GONE(GATE) && (HANDLES < 2 || GONE(GATE + 1)) && GONE(LOSSY_AT) && (LOSSY < 2 || GONE(LOSSY_AT + 1))
  :: timeout -> assert(false) /* somebody sleeps for ever */
  fi;
  d_step {
    for (i : RING .. END - 1) { assert(!published[i] || gate_gone || acknowledged[i]) }
    kept = 0;
    for (i : 0 .. BLOCKS - 1) {
      if
      :: block[i].state == PUSHING && NAMED(i) -> kept++
      :: else -> assert(block[i].state == FREE)
      fi
    }
    assert(kept <= HISTORY);
    assert(gate_gone || cursor == next)
  }
}
