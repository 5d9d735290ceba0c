//! A configuration ready to run: plan, arrays, the check of its results.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gaunt::{CacheLine, Engine, Error, Gradients, Plan, Real, Weights};

use crate::config::{Config, Dtype};
use crate::element::{Array, Element};
use crate::problem::Problem;
use crate::yardstick::{self, FmaRun, Triad};

/// What the measurement needs of a candidate, whatever its element type.
pub(crate) trait Candidate {
    /// The engine that the plan chose.
    fn engine(&self) -> Engine;
    /// Compulsory traffic of one call, in bytes: functions read, results written.
    fn bytes(&self) -> usize;
    /// The largest error, relative to what rounding explains.
    fn check(&mut self, problem: &Problem) -> Result<f64, Error>;
    /// Time of so many calls.
    fn time(&mut self, calls: usize) -> Result<Duration, Error>;
}

struct Case<'t, T> {
    config: Config,
    plan: Plan<'t, T>,
    /// What is read: the operands and the cotangent; empty if there is none.
    functions: [Array<T>; 3],
    /// What is written, likewise: the gradients and the output.
    results: [Array<T>; 3],
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
        tables.resize(desc.memory::<T>()?.tables, CacheLine::ZERO);
        let plan = Plan::new(&desc, tables)?;
        let [mut functions, results] =
            config.read_and_written()?.map(|lengths| lengths.map(Array::<T>::zeroed));
        for (slot, function) in functions.iter_mut().enumerate() {
            let function = function.get_mut();
            if !function.is_empty() {
                problem.fill(config, slot, |position, value| function[position] = T::round(value));
            }
        }
        let workspace = vec![CacheLine::ZERO; plan.workspace_len()];
        Ok(Self { config: *config, plan, functions, results, workspace })
    }

    fn execute(&mut self) -> Result<(), Error> {
        let (plan, n_samples, weights) = (&self.plan, self.config.batch.samples, Weights::default());
        let ([f1, f2, f3], [r1, r2, r3]) = (&self.functions, &mut self.results);
        let (x1, x2) = (black_box(f1.get()), black_box(f2.get()));
        if self.config.operation.is_vjp() {
            let (x1_gradient, x2_gradient) = (black_box(r1.get_mut()), black_box(r2.get_mut()));
            let gradients =
                Gradients { x1: Some(x1_gradient), x2: Some(x2_gradient), ..Gradients::default() };
            let cotangent = black_box(f3.get());
            plan.vjp(n_samples, x1, x2, &weights, cotangent, gradients, false, &mut self.workspace)
        } else {
            plan.execute(n_samples, x1, x2, &weights, black_box(r3.get_mut()), &mut self.workspace)
        }
    }
}

impl<T: Element + Real> Candidate for Case<'_, T> {
    fn engine(&self) -> Engine {
        if self.config.operation.is_vjp() { self.plan.vjp_engine() } else { self.plan.engine() }
    }

    fn bytes(&self) -> usize {
        self.functions.iter().chain(&self.results).map(|array| size_of_val(array.get())).sum()
    }

    fn check(&mut self, problem: &Problem) -> Result<f64, Error> {
        // What is not written shows.
        self.results.iter_mut().for_each(|result| result.get_mut().fill(T::round(f64::NAN)));
        self.execute()?;
        let results = self.results.each_ref().map(Array::get);
        let error = problem.error(&self.config, |slot, position| results[slot][position].into());
        Ok(error / T::ROUNDOFF)
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

/// Multiply-adds at a candidate's ISA level, whatever the element type.
pub(crate) fn fma(config: &Config, blocks: usize) -> FmaRun {
    match config.dtype {
        Dtype::F32 => yardstick::fma::<f32>(config.isa, blocks),
        Dtype::F64 => yardstick::fma::<f64>(config.isa, blocks),
    }
}

/// Gives the time of so many passes of a triad.
pub(crate) type TriadTime = Box<dyn FnMut(usize) -> Duration>;

/// A triad that reads and writes as much as a candidate, likewise.
pub(crate) fn triad(config: &Config) -> Result<TriadTime, Error> {
    fn time<T: Element>(mut triad: Triad<T>) -> TriadTime {
        Box::new(move |passes| {
            triad.pass(); // as a candidate
            let start = Instant::now();
            for _ in 0..passes {
                black_box(&mut triad).pass();
            }
            start.elapsed()
        })
    }
    let [[x1, x2, cotangent], written] = config.read_and_written()?;
    let lengths = [x1, x2 + cotangent, written.iter().sum()];
    Ok(match config.dtype {
        Dtype::F32 => time(Triad::<f32>::new(config.isa, lengths)),
        Dtype::F64 => time(Triad::<f64>::new(config.isa, lengths)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Batch, Degrees, Named};
    use crate::operation::Operation;
    use gaunt::{Broadcast, Isa, Layout};

    /// What is right passes; a result in the wrong place does not.
    #[test]
    fn checks_tell_right_from_wrong() {
        for &(_, operation) in Operation::CHOICES {
            let problem = Problem::new(operation, Degrees([2, 3, 4]));
            for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
                for layout in [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks] {
                    for broadcast in [Broadcast::None, Broadcast::Channels] {
                        let config = Config {
                            operation,
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
                        let error = case.check(&problem).unwrap();
                        assert!(error <= 1.0, "{config}: {error:.1e}");
                        case.config.layout =
                            if layout == Layout::LmChannel { Layout::ChannelLm } else { Layout::LmChannel };
                        let error = case.check(&problem).unwrap();
                        assert!(error > 1e3, "{config}: {error:.1e}");
                    }
                }
            }
        }
    }
}
