/* One delivery, two workers, two sweepers, people, a network: does it ever become live twice, or get lost?
 *
 *   python -m tests.model            every class, and the planted bugs (make check runs it)
 *   spin -run -DCLASS=F -noclaim delivery.pml
 *
 * Each STEP(from, verb, to) is a row of publishing.states.DELIVERY; tests/model compares the two sets.
 * Time is left out, so that every order is tried: a lease may end under a living worker (`slips` of them), a message
 * may come twice or never, a call may take effect long after its caller has given up. What remains of time are the
 * assumptions that docs/delivery-guarantees.md names: SETTLED, and one lagging look in class F.
 * Budgets make every run finite: no cycle is left, which the second search proves, so "in the end" is "at a stop".
 */

#define K 1
#define D 2
#define S 3
#define F 4
#define N 5

#ifndef CLASS
#define CLASS F
#endif
#ifndef BUG
#define BUG 0
#endif
#define BLIND_RESEND 1      /* an unknown outcome is answered by sending again, without asking */
#define ONE_LOOK 2          /* class F sends again after one look */
#define UNSETTLED_LOOK 3    /* the network is asked while it may still be working on the call */
#define NO_TOKEN 4          /* an intent does not look whether its claim still stands */
#define TRUSTED_SILENCE 5   /* no answer counts as published */
#define LOST_CALLS 6        /* nobody looks after calls whose worker died */

/* Asks the network although a frozen worker may still call: what K, D and S bear and F does not. */
#ifndef FROZEN
#define FROZEN 0
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef SLIPS
#define SLIPS 1
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#define WISHES 1
#define MOST_ATTEMPTS 2

mtype = { scheduled, claimed, prepared, sending, unknown, needs_attention,
          published, rejected, failed, expired, cancelled };
mtype = { accepted, refused, told_to_wait, no_answer };

mtype state = scheduled;
byte token = 0;             /* of the standing claim; 0: none */
byte next_token = 1;
byte settle_token = 0;      /* of the standing question */
byte next_question = 1;
byte attempts = 0;
byte looks = 0;             /* how often the network said "not there" since the call */
bool tried = false;         /* a call may have had an effect: the same row is never re-armed by people */
bool review = false;        /* a restore or an outage: the network's word moves nothing to the schedule again */
bool late = false;          /* asks whether it still fits, rather than whether it is live */

byte taken[2] = 0;          /* the token that each worker took up last */
byte hold[2] = 0;           /* the token with which a living worker may still act */
bool before_call[2] = false;
byte crashes = CRASHES, slips = SLIPS, faults = FAULTS, wishes = WISHES, pauses = 1;

/* the network */
byte live = 0;
byte key = 1;               /* idempotency key, chosen id or session of the present call */
byte live_key = 0;          /* under which the live item stands; 0: the network recognises nothing */
bool key_forgotten = false;
byte flying[2] = 0;         /* calls that take effect, or not, after their callers have gone */
bool lags = false;          /* the next look does not see the newest item yet */

#define STEP(from, verb, to) (state == from) -> state = to
#define CALLS_STAND (before_call[0] || before_call[1] || flying[0] || flying[1])
#define SETTLED (!CALLS_STAND)
#define RECOGNISES (CLASS == K || CLASS == D || CLASS == S)
#define HELD (token != 0 && (hold[0] == token || hold[1] == token))
#define TAKEN (taken[0] == token || taken[1] == token)
#define FINAL (state == published || state == rejected || state == failed || state == expired || state == cancelled)

inline free() { token = 0 }

inline take_effect(by) {
    if
    :: RECOGNISES && live_key == by -> skip
    :: else ->
        live++;
        live_key = by;
        assert(live <= 1);
        if
        :: CLASS == F && faults > 0 -> faults--; lags = true
        :: skip
        fi
    fi
}

inline crash_or_not() {
    if
    :: crashes > 0 -> crashes--; hold[me] = 0; before_call[me] = false; goto end_idle
    :: skip
    fi
}

proctype Worker(byte me) {
    byte mine = 0;
    mtype answer;
end_idle:
    atomic {
        /* a message with the claim; the other worker may get it too */
        (state == claimed && token != taken[me]) ->
        mine = token; taken[me] = token; hold[me] = token; answer = no_answer
    }
    atomic { crash_or_not() }
    atomic {    /* prepare: nothing visible */
        if
        :: token != mine || (state != claimed && state != prepared) -> hold[me] = 0; goto end_idle
        :: token == mine && state == claimed -> if :: STEP(claimed, prepare, prepared) :: skip fi
        :: token == mine && state == claimed && faults > 0 -> faults--; STEP(claimed, reject, rejected); free(); hold[me] = 0; goto end_idle
        :: else
        fi
    }
    atomic { crash_or_not() }
    atomic {    /* intent, or the step that stands against it */
        if
        :: BUG != NO_TOKEN && (token != mine || (state != claimed && state != prepared)) -> hold[me] = 0; goto end_idle
        :: BUG == NO_TOKEN || (token == mine && (state == claimed || state == prepared)) ->
            if
            :: STEP(claimed, intend, sending)
            :: STEP(prepared, intend, sending)
            :: BUG == NO_TOKEN && state == sending -> skip
            :: BUG == NO_TOKEN && state != claimed && state != prepared && state != sending -> hold[me] = 0; goto end_idle
            :: pauses > 0 -> pauses--; if
                :: STEP(claimed, release, scheduled)
                :: STEP(prepared, release, scheduled)
                fi; free(); hold[me] = 0; goto end_idle
            :: wishes > 0 -> wishes--; if    /* overdue, approval gone, asked because late */
                :: STEP(claimed, expire, expired)
                :: STEP(prepared, expire, expired)
                :: STEP(claimed, cancel, cancelled)
                :: STEP(prepared, cancel, cancelled)
                :: !tried && state == claimed -> STEP(claimed, ask, needs_attention); late = true
                :: !tried && state == prepared -> STEP(prepared, ask, needs_attention); late = true
                :: STEP(prepared, reject, rejected)
                fi; free(); hold[me] = 0; goto end_idle
            fi;
            attempts++; settle_token = 0; looks = 0; before_call[me] = true
        fi
    }
    atomic { crash_or_not() }
    atomic {    /* the one visible call; without its holder's key there is none */
        before_call[me] = false;
        if
        :: take_effect(key); answer = accepted; tried = true
        :: faults > 0 -> faults--; tried = true; if
            :: take_effect(key); answer = no_answer
            :: flying[me] = key; answer = no_answer
            :: answer = no_answer
            fi
        :: faults > 0 && live == 0 -> faults--; answer = refused
        :: faults > 0 -> faults--; answer = told_to_wait
        fi
    }
    atomic { crash_or_not() }
    atomic {    /* confirm, by compare-and-set */
        if
        :: token != mine -> skip
        :: token == mine && answer == accepted -> if
            :: STEP(sending, accept, published); free()
            :: STEP(unknown, accept, published); settle_token = 0; free()
            :: else
            fi
        :: token == mine && answer == refused -> if :: STEP(sending, reject, rejected); free() :: else fi
        :: token == mine && answer == told_to_wait -> if
            :: STEP(sending, postpone, scheduled); attempts--; free()
            :: else
            fi
        :: token == mine && answer == no_answer -> if
            :: BUG == TRUSTED_SILENCE && state == sending -> state = published; free()
            :: BUG != TRUSTED_SILENCE && STEP(sending, lose, unknown)
            :: else
            fi
        fi;
        hold[me] = 0
    }
    goto end_idle
}

proctype Sweeper() {
    byte question = 0;
    bool found = false;
end_idle:
    if
    :: atomic { state == scheduled -> STEP(scheduled, claim, claimed); token = next_token; next_token++ }
    :: atomic { (state == claimed || state == prepared) && (slips > 0 || TAKEN && !HELD) ->
        if :: TAKEN && !HELD -> skip :: else -> slips-- fi;     /* else its message was lost, or its worker is slow */
        if
        :: STEP(claimed, release, scheduled)
        :: STEP(prepared, release, scheduled)
        fi; free() }
    :: atomic { state == sending && BUG != LOST_CALLS && (!HELD || slips > 0) ->
        if :: HELD -> slips-- :: else fi;
        STEP(sending, lose, unknown); settle_token = 0; tried = true }
    :: atomic { state == unknown && (settle_token == 0 || slips > 0) && (SETTLED || FROZEN || BUG == UNSETTLED_LOOK) ->
        if :: settle_token != 0 -> slips-- :: else fi;      /* who asked has died, or is slow */
        settle_token = next_question; next_question++; question = settle_token; goto ask }
    :: atomic { state == scheduled && wishes > 0 -> wishes--; STEP(scheduled, expire, expired) }
    fi;
    goto end_idle;
ask:
    atomic {    /* outside any transaction: meanwhile the late answer may come, or the other sweeper */
        found = (live > 0);
        if
        :: CLASS == F && lags -> found = false; lags = false
        :: CLASS == N -> found = false
        :: else
        fi
    }
    atomic {
        if
        :: state == unknown && settle_token == question -> if
            :: found -> STEP(unknown, find, published); settle_token = 0; free()
            :: !found && review && BUG != BLIND_RESEND ->
                STEP(unknown, ask, needs_attention); settle_token = 0; free()
            :: !found && BUG == BLIND_RESEND -> STEP(unknown, rearm, scheduled); settle_token = 0; free()
            :: !found && !review && BUG != BLIND_RESEND && (CLASS == N || attempts >= MOST_ATTEMPTS) ->
                STEP(unknown, ask, needs_attention); settle_token = 0; free()
            :: !found && !review && BUG != BLIND_RESEND && CLASS != N && attempts < MOST_ATTEMPTS -> if
                :: (CLASS == F || key_forgotten) && looks == 0 && BUG != ONE_LOOK -> looks++; settle_token = 0
                :: else ->
                    if
                    :: key_forgotten -> key++; key_forgotten = false; live_key = 0
                    :: else
                    fi;
                    STEP(unknown, rearm, scheduled); settle_token = 0; free()
                fi
            fi
        :: else
        fi;
        question = 0
    }
    goto end_idle
}

/* What left the caller and was not answered takes effect at last, or never does. */
proctype Late() {
end:
    do
    :: atomic { flying[0] != 0 -> if :: take_effect(flying[0]) :: skip fi; flying[0] = 0 }
    :: atomic { flying[1] != 0 -> if :: take_effect(flying[1]) :: skip fi; flying[1] = 0 }
    :: atomic { CLASS == K && faults > 0 && SETTLED && !key_forgotten && state == unknown && live == 0 ->
        faults--; key_forgotten = true }
    od
}

/* People tell the truth, once nothing is under way any more; a word on what is not there yet is their own mistake. */
proctype People() {
end:
    do
    :: atomic { wishes > 0 && (state == scheduled || state == claimed || state == prepared) -> wishes--; if
        :: STEP(scheduled, move, scheduled)
        :: STEP(claimed, move, scheduled)
        :: STEP(prepared, move, scheduled)
        :: STEP(scheduled, cancel, cancelled)
        :: STEP(claimed, cancel, cancelled)
        :: STEP(prepared, cancel, cancelled)
        fi; free() }
    :: atomic { wishes > 0 && (state == scheduled || state == claimed || state == prepared) -> wishes--; if
        :: STEP(scheduled, doubt, unknown)      /* an outage, or a failover that forgot: only the network can know */
        :: STEP(claimed, doubt, unknown)
        :: STEP(prepared, doubt, unknown)
        fi; free(); settle_token = 0; review = true }
    :: atomic { wishes > 0 && state == published && SETTLED && !HELD -> wishes--;   /* an older backup is put back */
        state = scheduled; tried = false; attempts = 0; looks = 0; hold[0] = 0; hold[1] = 0;
        STEP(scheduled, doubt, unknown); free(); settle_token = 0; review = true }
    :: atomic { state == needs_attention && SETTLED && !late && live > 0 ->
        STEP(needs_attention, confirm_live, published) }
    :: atomic { state == needs_attention && SETTLED && live == 0 ->
        STEP(needs_attention, confirm_not_live, failed) }
    :: atomic { state == needs_attention && late && !tried && wishes > 0 -> wishes--;
        STEP(needs_attention, rearm, scheduled); late = false }
    :: atomic { wishes > 0 && !tried && (state == rejected || state == failed || state == expired
            || state == cancelled) -> wishes--; attempts = 0; if
        :: STEP(rejected, rearm, scheduled)
        :: STEP(failed, rearm, scheduled)
        :: STEP(expired, rearm, scheduled)
        :: STEP(cancelled, rearm, scheduled)
        fi }
    od
}

/* At every stop something final stands, and it is true. */
proctype Judge() {
    do
    :: atomic { timeout ->
        assert(FINAL);
        assert(state != published || live == 1);
        assert(state != rejected || live == 0 || FROZEN);
        assert(state != cancelled && state != expired || live == 0 || FROZEN);
        break }
    :: atomic { state == published && live != 1 -> assert(false) }
    od
}

init {
    atomic {
        run Worker(0); run Worker(1); run Sweeper(); run Sweeper(); run Late(); run People(); run Judge()
    }
}
