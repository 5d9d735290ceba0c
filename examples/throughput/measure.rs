//! Measures the candidates of a group in turns, beside the machine's own speed.

use std::time::Duration;

use gaunt::{CacheLine, Engine};

use crate::candidate::{Candidate, TriadTime, candidate, fma, triad};
use crate::config::Config;
use crate::problem::Problem;
use crate::{Failure, Options};

/// How long a candidate or a yardstick runs in a round, or one call if that is longer. Short against the time slices of
/// an operating system, so that on a busy machine most turns are not interrupted and medians can ignore the others.
const TURN: Duration = Duration::from_micros(500);
/// No core does as many vector multiply-adds per second; chains that the compiler dropped would.
const IMPLAUSIBLE_FMA_RATE: f64 = 1e11;

/// A line of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) config: Config,
    /// The engine that ran.
    pub(crate) engine: Engine,
    pub(crate) ns_per_product: f64,
    /// Time per product × rate of multiply-adds × lanes: what could have been done with one lane in that time.
    pub(crate) slots_per_product: f64,
    /// Vector multiply-adds per second, in 10⁹.
    pub(crate) fma_rate_gvec: f64,
    /// Model bound / slots.
    pub(crate) model_fraction: f64,
    pub(crate) gb_per_s: f64,
    pub(crate) triad: Option<TriadRow>,
}

/// A triad that moves the same bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TriadRow {
    pub(crate) gb_per_s: f64,
    /// Time of the candidate / time of the triad.
    pub(crate) time_ratio: f64,
}

/// A candidate and its rounds.
struct Entry<'t> {
    config: Config,
    candidate: Box<dyn Candidate + 't>,
    calls: usize,
    /// See [`Problem::bound`].
    bound: usize,
    /// Index of its level and of its triad, if that is wanted.
    level: usize,
    triad: Option<usize>,
    /// Per round: seconds per call, multiply-adds per second, seconds per pass of the triad.
    rounds: Vec<[f64; 3]>,
}

/// An ISA level with an element type: what one turn of multiply-adds is, and this round's rate.
struct Level {
    config: Config,
    blocks: usize,
    fma_rate: f64,
    lanes: usize,
}

impl Level {
    fn new(config: &Config) -> Result<Self, Failure> {
        let blocks = repetitions(|n| Ok(fma(config, n).elapsed))?;
        Ok(Self { config: *config, blocks, fma_rate: 0.0, lanes: 1 })
    }

    fn is_of(&self, config: &Config) -> bool {
        (self.config.isa, self.config.dtype) == (config.isa, config.dtype)
    }

    fn measure(&mut self) -> Result<(), Failure> {
        let run = fma(&self.config, self.blocks);
        self.fma_rate = run.multiply_adds as f64 / run.elapsed.as_secs_f64();
        self.lanes = run.lanes;
        if self.fma_rate.is_nan() || self.fma_rate > IMPLAUSIBLE_FMA_RATE {
            return Err(Failure::Check(format!("{:.1e} multiply-adds per second", self.fma_rate)));
        }
        Ok(())
    }
}

/// The triad of an ISA level with an element type and an operation: what one turn of it is, and this round's time.
struct Streams {
    config: Config,
    time: TriadTime,
    passes: usize,
    seconds: f64,
}

impl Streams {
    fn new(config: &Config) -> Result<Self, Failure> {
        let mut time = triad(config)?;
        let passes = repetitions(|n| Ok(time(n)))?;
        Ok(Self { config: *config, time, passes, seconds: 0.0 })
    }

    fn is_of(&self, config: &Config) -> bool {
        let key = |config: &Config| (config.isa, config.dtype, config.operation);
        key(&self.config) == key(config)
    }

    fn measure(&mut self) {
        self.seconds = (self.time)(self.passes).as_secs_f64() / self.passes as f64;
    }
}

/// Checks every configuration, then times them in turns, so that a busy machine slows all of them alike.
pub(crate) fn measure(
    configs: &[Config],
    problems: &[Problem],
    options: &Options,
    mut progress: impl FnMut(&str),
) -> Result<Vec<Row>, Failure> {
    progress("check");
    let mut tables = vec![Vec::<CacheLine>::new(); configs.len()];
    let mut levels: Vec<Level> = Vec::new();
    let mut triads: Vec<Streams> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for (config, tables) in configs.iter().zip(&mut tables) {
        let problem = problems.iter().find(|problem| problem.operation == config.operation);
        let problem = problem.ok_or_else(|| Failure::Check(format!("{config}: nothing to compare with")))?;
        let mut candidate = candidate(config, problem, tables)?;
        let resolved = Config { engine: candidate.engine(), ..*config };
        // `auto` and what it chooses, both asked for.
        if entries.iter().any(|entry| entry.config == resolved) {
            continue;
        }
        let error = candidate.check(problem)?;
        if error.is_nan() || error > 1.0 {
            return Err(Failure::Check(format!(
                "{config}: {error:.1e} times the error that rounding explains"
            )));
        }
        let calls = repetitions(|n| Ok(candidate.time(n)?))?;
        let level = find_or_push(&mut levels, |level| level.is_of(config), || Level::new(config))?;
        let triad = if options.triad {
            Some(find_or_push(&mut triads, |triad| triad.is_of(config), || Streams::new(config))?)
        } else {
            None
        };
        let (bound, rounds) = (problem.bound, Vec::new());
        entries.push(Entry { config: resolved, candidate, calls, bound, level, triad, rounds });
    }

    for round in 1..=options.rounds {
        progress(&format!("round {round}/{}", options.rounds));
        for level in &mut levels {
            level.measure()?;
        }
        triads.iter_mut().for_each(Streams::measure);
        for entry in &mut entries {
            let seconds = entry.candidate.time(entry.calls)?.as_secs_f64() / entry.calls as f64;
            let triad_seconds = entry.triad.map_or(0.0, |triad| triads[triad].seconds);
            entry.rounds.push([seconds, levels[entry.level].fma_rate, triad_seconds]);
        }
    }
    Ok(entries.iter().map(|entry| summarise(entry, levels[entry.level].lanes)).collect())
}

/// The index of what is looked for, which is made if there is none yet.
fn find_or_push<T>(
    all: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    make: impl FnOnce() -> Result<T, Failure>,
) -> Result<usize, Failure> {
    let known = all.iter().position(is_it);
    if known.is_none() {
        all.push(make()?);
    }
    Ok(known.unwrap_or(all.len() - 1))
}

/// Medians of the rounds; ratios are taken within a round.
fn summarise(entry: &Entry, lanes: usize) -> Row {
    let products = entry.config.batch.products() as f64;
    let bytes = entry.candidate.bytes() as f64;
    let over_rounds = |value: fn(&[f64; 3]) -> f64| median(entry.rounds.iter().map(value).collect());
    let seconds = over_rounds(|[seconds, _, _]| *seconds);
    let slots = over_rounds(|[seconds, rate, _]| seconds * rate) / products * lanes as f64;
    Row {
        config: entry.config,
        engine: entry.candidate.engine(),
        ns_per_product: 1e9 * seconds / products,
        slots_per_product: slots,
        fma_rate_gvec: 1e-9 * over_rounds(|[_, rate, _]| *rate),
        model_fraction: entry.bound as f64 / slots,
        gb_per_s: 1e-9 * bytes / seconds,
        triad: entry.triad.map(|_| TriadRow {
            gb_per_s: 1e-9 * bytes / over_rounds(|[_, _, triad]| *triad),
            time_ratio: over_rounds(|[seconds, _, triad]| seconds / triad),
        }),
    }
}

/// How often something has to run to take as long as a turn. Warms up on the way.
fn repetitions(mut time: impl FnMut(usize) -> Result<Duration, Failure>) -> Result<usize, Failure> {
    let mut n = 1;
    loop {
        let elapsed = time(n)?;
        if 4 * elapsed >= TURN || n >= 1 << 30 {
            // An interrupted call counts as too slow, by at most this factor.
            let more = (TURN.as_secs_f64() / elapsed.as_secs_f64()).clamp(1.0, 4.0);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 4 n
            return Ok((n as f64 * more) as usize);
        }
        n *= 2;
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_ignore_order_and_outliers() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 1000.0, 2.0]) - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn repetitions_fill_a_turn() {
        let per_call = |micros| move |n: usize| Ok(Duration::from_micros(micros * n as u64));
        for (micros, expected) in [(1, 500), (3, 166), (100, 5), (300, 1), (50_000, 1)] {
            let found = repetitions(per_call(micros)).map_err(|_| ()).unwrap();
            assert!(found.abs_diff(expected) <= 1, "{micros}: {found}");
        }
    }
}
