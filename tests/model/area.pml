/* The lock of an area, its writes and its event count under sequential consistency: one step per access to a shared word, and one per word of
 * data.
 *
 * Writers write both words of the area, WRITES times each; a reader (not with NO_READER) reads the area until it has seen the last write, sleeping in
 * between. With KILLS=1 the first writer is killed between two steps, and reaped.
 * Checked: one at a time has the lock; whoever has it after a death is told, once; a read is of one write or reported as torn, and torn only where a
 * writer died; what is torn is mended by the next write; and nobody sleeps for ever.
 *
 * The code is in sdk/src/area: lock_word.cc, memory.cc, event_count.h. A mutant (-DNO_...) leaves out one rule and must fail: CMakeLists.txt has the
 * list.
 *
 *   spin -a -DKILLS=1 area.pml && cc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -E -m100000
 */
#ifndef WRITERS
#define WRITERS 2 /* to 3 */
#endif
#ifndef WRITES
#define WRITES 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#define READER WRITERS
#define NONE 7

/* The lock's word. */
byte holder = NONE;
bool died, contended;
bool asleep[3]; /* in the kernel, on this word */

byte version, torn, data[2];
byte writes, lost;               /* finished writes; deaths within one */
bool asked, sleeping, woken;     /* the event count: one reader; it has read the count, and the count has changed since */
bool dead[4], reaped[4], done[4];
byte kills, told, deaths_with_lock;

#define FREE (holder == NONE)

/* futex_wake(word, 1): one of those that sleep goes on. */
inline wake_one() {
  atomic {
    if
    :: asleep[0] -> asleep[0] = false
    :: asleep[1] -> asleep[1] = false
    :: asleep[2] -> asleep[2] = false
    :: !asleep[0] && !asleep[1] && !asleep[2] -> skip
    fi
  }
}
inline wake_all() { d_step { asleep[0] = false; asleep[1] = false; asleep[2] = false } }

/* acquire() */
inline acquire() {
  slept = false;
  do
  :: atomic { FREE -> /* the exchange that takes it; the contended bit stays, or is set by who has slept */
       if :: died -> told++ :: else fi;
       died = false; holder = me;
#ifndef NO_HOLDING_AS_CONTENDED
       contended = contended || slept;
#endif
       break
     }
  :: atomic { !FREE -> contended = true }
     /* futex_wait: compares under the kernel's lock */
     atomic { if :: !FREE && contended -> asleep[me] = true :: else -> skip fi }
     !asleep[me];
     slept = true
  od
}

/* release() */
inline release() {
  atomic { assert(holder == me); was = contended; holder = NONE; died = false; contended = false }
#ifndef NO_WAKING
  if :: was -> wake_one() :: else fi;
#endif
  was = false
}

/* notify() */
inline notify() {
  if
  :: asked ->
     atomic { was = asked; asked = false }
     if :: was -> d_step { woken = true; sleeping = false } :: else fi;
     was = false
  :: else
  fi
}

byte inside;

proctype Writer(byte me) provided (!dead[me]) {
  bool slept, was;
  byte i;

again:
  if :: i == WRITES -> goto leave :: else fi;
  acquire();
  atomic { assert(inside == 0); inside++ }
  atomic { version++; assert(version % 2 == 1) }
  data[0] = me * WRITES + i + 1;
  data[1] = me * WRITES + i + 1;
#ifndef NO_MENDING
  torn = 0;
#endif
  atomic { version++; writes++; inside--; assert(torn == 0) }
  release();
  notify();
  i++;
  goto again;
leave:
  done[me] = true
}

#define WRITER_IS_GONE(w) (done[w] || reaped[w])
#define ALL_WRITERS_ARE_GONE (WRITER_IS_GONE(0) && (WRITERS < 2 || WRITER_IS_GONE(1)) && (WRITERS < 3 || WRITER_IS_GONE(2)))

proctype Reader() {
  byte before, a, b, seen = 0;
  bool was_torn;

again:
  atomic { before = version; if :: before % 2 == 1 -> goto wait :: else fi }
  a = data[0];
  b = data[1];
  was_torn = torn;
#ifndef NO_SECOND_LOOK
  if :: version != before -> goto again :: else fi;
#endif
  atomic { assert(was_torn || a == b); assert(!was_torn || lost > 0); seen = before; a = 0; b = 0; was_torn = false }
  if
  :: atomic { ALL_WRITERS_ARE_GONE && seen == version -> goto leave }
  :: !ALL_WRITERS_ARE_GONE || seen != version -> skip
  fi;
wait: /* await(): sleeps until the version is not what it was */
  if :: version != before -> goto again :: else fi;
  if :: ALL_WRITERS_ARE_GONE && version % 2 == 0 -> goto again :: else fi;
  atomic { woken = false } /* reads the count */
#ifndef NO_ASKING
  asked = true;
#endif
#ifndef NO_LOOK_AFTER_ASKING
  if :: version != before -> goto again :: else fi;
#endif
  atomic { if :: !woken -> sleeping = true :: else -> skip fi }
  if
  :: !sleeping
  :: ALL_WRITERS_ARE_GONE && version == before && version % 2 == 0 -> sleeping = false /* nothing will come: the end of the test */
  fi;
  goto again;
leave:
  done[READER] = true
}

/* Kills between any two steps. */
proctype Killer() {
  do
  :: d_step { kills < KILLS && !dead[0] && !done[0] -> kills++; dead[0] = true; asleep[0] = false; deaths_with_lock = deaths_with_lock + (holder == 0 -> 1 : 0); lost = lost + (holder == 0 && version % 2 == 1 -> 1 : 0) }
  :: break
  od
}

/* reap_area() */
proctype Reaper() {
  dead[0];
  if
  :: holder == 0 && version % 2 == 1 ->
#ifndef NO_TEARING
     torn = 1;
#endif
     atomic { version++; inside = 0 }
  :: else -> atomic { if :: holder == 0 -> inside = 0 :: else fi }
  fi;
  atomic { if :: holder == 0 -> holder = NONE; died = true :: else fi }
#ifndef NO_WAKING_AFTER_REAPING
  wake_all();
#endif
  d_step { woken = true; sleeping = false }
  reaped[0] = true
}

init {
  byte i;
  atomic {
    for (i : 0 .. WRITERS - 1) { run Writer(i) }
#ifndef NO_READER
    run Reader();
#else
    done[READER] = true;
#endif
#if KILLS > 0
    run Killer(); run Reaper();
#endif
    i = 0
  }
  if
  :: ALL_WRITERS_ARE_GONE && done[READER]
  :: timeout -> assert(false) /* somebody sleeps for ever */
  fi;
  assert(FREE);
  assert(told + (died -> 1 : 0) == deaths_with_lock);
  assert(version == 2 * (writes + lost));
  assert(torn == 0 || lost > 0)
}
