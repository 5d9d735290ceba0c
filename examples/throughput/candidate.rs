//! A configuration ready to run: plan, arrays, the check of its result.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gaunt::{CacheLine, Engine, Error, Isa, Lengths, Plan, Real, Weights};

use crate::config::{Config, Dtype};
use crate::element::{Array, Element};
use crate::problem::Problem;
use crate::yardstick::{self, FmaRun, Triad};

/// What the measurement needs of a candidate, whatever its element type.
pub(crate) trait Candidate {
    /// The engine that the plan chose.
    fn engine(&self) -> Engine;
    /// Compulsory traffic of one call, in bytes: operands read, output written.
    fn bytes(&self) -> usize;
    /// The largest error relative to [`crate::operation::Operation::scale`], and what rounding explains.
    fn check(&mut self, problem: &Problem) -> Result<(f64, f64), Error>;
    /// Time of so many calls.
    fn time(&mut self, calls: usize) -> Result<Duration, Error>;
}

struct Case<'t, T> {
    config: Config,
    plan: Plan<'t, T>,
    lengths: Lengths,
    x1: Array<T>,
    x2: Array<T>,
    out: Array<T>,
    workspace: Vec<CacheLine>,
}

/// Makes a candidate; its plan borrows `tables`.
pub(crate) fn candidate<'t>(
    config: &Config,
    problem: &Problem,
    tables: &'t mut Vec<CacheLine>,
) -> Result<Box<dyn Candidate + 't>, Error> {
    Ok(match config.dtype {
        Dtype::F32 => Box::new(Case::<f32>::new(config, problem, tables)?),
        Dtype::F64 => Box::new(Case::<f64>::new(config, problem, tables)?),
    })
}

impl<'t, T: Element + Real> Case<'t, T> {
    fn new(config: &Config, problem: &Problem, tables: &'t mut Vec<CacheLine>) -> Result<Self, Error> {
        let desc = config.desc();
        let lengths = desc.lengths(config.batch.samples)?;
        tables.resize(desc.memory::<T>()?.tables, CacheLine::ZERO);
        let plan = Plan::new(&desc, tables)?;
        let mut operands = [Array::zeroed(lengths.x1), Array::zeroed(lengths.x2)];
        for (i, operand) in operands.iter_mut().enumerate() {
            let operand: &mut [T] = operand.get_mut();
            problem.fill(config, i, |position, value| operand[position] = T::round(value));
        }
        let [x1, x2] = operands;
        Ok(Self {
            config: *config,
            plan,
            lengths,
            x1,
            x2,
            out: Array::zeroed(lengths.out),
            workspace: vec![CacheLine::ZERO; plan.workspace_len()],
        })
    }

    fn execute(&mut self) -> Result<(), Error> {
        self.plan.execute(
            self.config.batch.samples,
            black_box(self.x1.get()),
            black_box(self.x2.get()),
            &Weights::default(),
            black_box(self.out.get_mut()),
            &mut self.workspace,
        )
    }
}

impl<T: Element + Real> Candidate for Case<'_, T> {
    fn engine(&self) -> Engine {
        self.plan.engine()
    }

    fn bytes(&self) -> usize {
        (self.lengths.x1 + self.lengths.x2 + self.lengths.out) * size_of::<T>()
    }

    fn check(&mut self, problem: &Problem) -> Result<(f64, f64), Error> {
        self.out.get_mut().fill(T::round(f64::NAN)); // what is not written shows
        self.execute()?;
        let out = self.out.get();
        let error = problem.error(&self.config, |position| out[position].into());
        Ok((error, problem.operation.roundings(problem.degrees) * T::ROUNDOFF))
    }

    fn time(&mut self, calls: usize) -> Result<Duration, Error> {
        self.execute()?; // brings back what others have thrown out of the caches
        let start = Instant::now();
        for _ in 0..calls {
            self.execute()?;
        }
        Ok(start.elapsed())
    }
}

/// The machine's own speed at an ISA level, whatever the element type.
pub(crate) trait Yardstick {
    fn fma(&self, blocks: usize) -> FmaRun;
    /// Time of so many passes of the triad; `None` if it is not wanted.
    fn triad(&mut self, passes: usize) -> Option<Duration>;
}

struct Machine<T> {
    isa: Isa,
    triad: Option<Triad<T>>,
}

impl<T: Element> Yardstick for Machine<T> {
    fn fma(&self, blocks: usize) -> FmaRun {
        yardstick::fma::<T>(self.isa, blocks)
    }

    fn triad(&mut self, passes: usize) -> Option<Duration> {
        let triad = self.triad.as_mut()?;
        triad.pass(); // as a candidate
        let start = Instant::now();
        for _ in 0..passes {
            black_box(&mut *triad).pass();
        }
        Some(start.elapsed())
    }
}

/// The yardstick of a candidate's ISA level and element type, with a triad of its array lengths if wanted.
pub(crate) fn yardstick(config: &Config, with_triad: bool) -> Result<Box<dyn Yardstick>, Error> {
    let lengths = config.desc().lengths(config.batch.samples)?;
    let isa = config.isa;
    Ok(match config.dtype {
        Dtype::F32 => Box::new(Machine::<f32> { isa, triad: with_triad.then(|| Triad::new(isa, &lengths)) }),
        Dtype::F64 => Box::new(Machine::<f64> { isa, triad: with_triad.then(|| Triad::new(isa, &lengths)) }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Batch, Degrees};
    use crate::operation::Operation;
    use gaunt::{Broadcast, Layout};

    /// What is right passes; a result in the wrong place does not.
    #[test]
    fn checks_tell_right_from_wrong() {
        let problem = Problem::new(Operation::Product, Degrees([2, 3, 4]));
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            for layout in [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks] {
                for broadcast in [Broadcast::None, Broadcast::Channels] {
                    let config = Config {
                        operation: problem.operation,
                        degrees: problem.degrees,
                        batch: Batch { samples: 3, channels: 11 },
                        broadcast,
                        engine: Engine::Grid,
                        isa,
                        dtype: Dtype::F32,
                        layout,
                    };
                    let mut tables = Vec::new();
                    let mut case = Case::<f32>::new(&config, &problem, &mut tables).unwrap();
                    let (error, bound) = case.check(&problem).unwrap();
                    assert!(error <= bound, "{config}: {error:.1e}");
                    let mut swapped = config;
                    swapped.layout =
                        if layout == Layout::LmChannel { Layout::ChannelLm } else { Layout::LmChannel };
                    case.config = swapped;
                    let (error, _) = case.check(&problem).unwrap();
                    assert!(error > 1e3 * bound, "{config}: {error:.1e}");
                }
            }
        }
    }
}
