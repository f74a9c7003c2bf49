//! Two things in turn, round by round. Ready-made harnesses time one after the other, and on a
//! shared machine the difference is then the machine's.

use std::time::Instant;

const ROUNDS: usize = 401;
/// Long enough for the clock, short enough that most rounds are not interrupted.
const ROUND_NANOS: u128 = 100_000;

/// Medians: nanoseconds a call, and the ratio of the first to the second.
pub(crate) struct Compared {
    pub(crate) first: u64,
    pub(crate) second: u64,
    pub(crate) ratio: f64,
}

pub(crate) fn compare(first: &mut dyn FnMut(), second: &mut dyn FnMut()) -> Compared {
    let (calls_first, calls_second) = (calls_a_round(first), calls_a_round(second));
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|round| {
            if round % 2 == 0 {
                let a = nanos(first, calls_first);
                (a, nanos(second, calls_second))
            } else {
                let b = nanos(second, calls_second);
                (nanos(first, calls_first), b)
            }
        })
        .collect();
    let mut median = |of: fn(&(f64, f64)) -> f64| {
        rounds.sort_by(|a, b| of(a).total_cmp(&of(b)));
        of(&rounds[ROUNDS / 2])
    };
    Compared {
        first: median(|round| round.0).round() as u64,
        second: median(|round| round.1).round() as u64,
        ratio: median(|round| round.0 / round.1),
    }
}

fn calls_a_round(call: &mut dyn FnMut()) -> u32 {
    let mut calls = 1u32;
    loop {
        let start = Instant::now();
        for _ in 0..calls {
            call();
        }
        if start.elapsed().as_nanos() > ROUND_NANOS {
            return calls;
        }
        calls *= 2;
    }
}

fn nanos(call: &mut dyn FnMut(), calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}
